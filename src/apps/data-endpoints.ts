import { z } from 'zod';
import { absenceKinds, loadBars, periodKinds } from '../data/index.ts';
import { foundInstrumentsSchema, instrumentSchema } from '../ib/index.ts';
import { calendarIds, jsonBarsAsArrow, jsonBarsSchema, timeframes } from '../market/index.ts';
import { operationSchema } from '../operations/index.ts';
import { defineEndpoint, encodable, unnamedStartHeaders } from '../service/index.ts';
import { mostBarsOnPage } from './bars-page.ts';

/**
 * The data domain's routes of the API. Times are epoch milliseconds; symbols are understood in any spelling, and answers have
 * them in the one that the bars are kept under.
 */

const count = z.number().int().nonnegative();
const instant = z.coerce.number<number>().optional();

const symbol = z.string().trim().min(1).max(64);
const timeframe = z.enum(timeframes);

const ofSeries = z.object({
  symbol,
  timeframe,
  /** Epoch milliseconds; `[start, end)`. */
  start: instant,
  end: instant,
});

const seriesInfo = {
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  bars: count,
  first: z.number().exactOptional(),
  last: z.number().exactOptional(),
};

export const listSeries = defineEndpoint({
  method: 'GET',
  path: '/data/symbols',
  summary: 'What is stored: one entry for each symbol and timeframe',
  response: z.object({
    series: z.array(z.object(seriesInfo)),
  }),
});

export const getRange = defineEndpoint({
  method: 'GET',
  path: '/data/range',
  summary: 'What is stored of one series: from when to when, how much, and when it was last written',
  query: z.object({ symbol, timeframe }),
  response: z.object({ ...seriesInfo, confirmedEmptyRanges: count, revision: count, updatedAt: z.number() }),
});

export const getSnapshot = defineEndpoint({
  method: 'GET',
  path: '/data/snapshot',
  summary:
    'What the finished bars of a series, or of a span of it, are named by: a hash of their values, equal for equal bars. A model keeps that of the bars it was trained on',
  query: ofSeries,
  response: z.object({
    symbol: z.string(),
    sha256: z.string(),
    bars: count,
    first: z.number().exactOptional(),
    last: z.number().exactOptional(),
  }),
});

export const getBars = defineEndpoint({
  method: 'GET',
  path: '/data/bars',
  summary: `Stored bars as columns, oldest first: JSON, or an Arrow stream when the caller accepts it. One answer has ${mostBarsOnPage} bars at most; more are refused. \`last\` gives the newest of them. \`limit\` gives the oldest as a page; the next page is \`after\` the time of its last bar, and one with fewer bars is the last`,
  query: ofSeries.extend({
    last: z.coerce.number<number>().int().min(1).max(mostBarsOnPage).optional(),
    after: instant,
    limit: z.coerce.number<number>().int().min(1).max(mostBarsOnPage).optional(),
  }),
  response: encodable(jsonBarsSchema, jsonBarsAsArrow),
});

export const getCoverage = defineEndpoint({
  method: 'GET',
  path: '/data/coverage',
  summary:
    'For every bar the calendar expects: present, confirmed not to exist, or missing; `by` counts by UTC days or months, too',
  query: ofSeries.extend({ by: z.enum(periodKinds).optional() }),
  response: z.object({
    symbol: z.string(),
    periods: z
      .array(z.object({ start: z.number(), expected: count, present: count, confirmedEmpty: count }))
      .exactOptional(),
    expected: count,
    present: count,
    confirmedEmpty: count,
    missing: count,
    gaps: z.array(z.object({ start: z.number(), end: z.number(), bars: count })),
  }),
});

export const getGaps = defineEndpoint({
  method: 'GET',
  path: '/data/gaps',
  summary:
    'Where there is no bar and why, oldest first and exact to one bar; with `all` also where the market is closed. The next page is `from` the `next` of this one',
  query: ofSeries.extend({
    all: z.enum(['true', 'false']).optional(),
    from: instant,
    limit: z.coerce.number<number>().int().min(1).max(10_000).optional(),
  }),
  response: z.object({
    symbol: z.string(),
    gaps: z.array(
      z.object({
        kind: z.enum(absenceKinds),
        name: z.string().exactOptional(),
        start: z.number(),
        end: z.number(),
        bars: count,
      }),
    ),
    /** Bars and spans by kind, of all pages. */
    totals: z.partialRecord(z.enum(absenceKinds), z.object({ gaps: count, bars: count })),
    next: z.number().exactOptional(),
  }),
});

export const deleteBars = defineEndpoint({
  method: 'DELETE',
  path: '/data/bars',
  summary: 'Remove stored bars, and what is known to be empty, in a range or altogether',
  query: ofSeries,
  response: z.object({ symbol: z.string(), removed: count }),
});

export const getContract = defineEndpoint({
  method: 'GET',
  path: '/data/contract',
  summary: 'What the source knows of an instrument',
  query: z.object({ symbol }),
  response: instrumentSchema,
});

export const getSearch = defineEndpoint({
  method: 'GET',
  path: '/data/search',
  summary: 'Instruments whose symbol begins with a text or whose name holds it, in the order of the source',
  query: z.object({ text: z.string().trim().min(1).max(64) }),
  response: foundInstrumentsSchema,
});

export const getHead = defineEndpoint({
  method: 'GET',
  path: '/data/head',
  summary: 'The start of the oldest bar that the source has, in epoch milliseconds; null when it has none',
  query: z.object({ symbol, timeframe }),
  response: z.object({ symbol: z.string(), earliest: z.number().nullable() }),
});

export const postLoad = defineEndpoint({
  method: 'POST',
  path: '/data/load',
  summary: 'Start a load of bars; the answer is its operation. The same as `POST /operations/load_bars`',
  headers: unnamedStartHeaders,
  body: loadBars.input,
  response: operationSchema,
  status: 202,
});

export const postPlan = defineEndpoint({
  method: 'POST',
  path: '/data/plan',
  summary:
    'What a load would ask the source for now: requests, bars, bytes and time at the pace of the source. Loads nothing',
  idempotent: true,
  body: loadBars.input,
  response: z.object({
    symbol: z.string(),
    requests: count,
    bars: count,
    bytes: count,
    estimatedMs: z.number().nonnegative(),
    range: z.object({ start: z.number(), end: z.number() }).exactOptional(),
  }),
});
