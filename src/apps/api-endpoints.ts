import { z } from 'zod';
import { loadBars } from '../data/index.ts';
import { calendarIds, jsonBarsAsArrow, jsonBarsSchema, timeframes } from '../market/index.ts';
import { operationSchema } from '../operations/index.ts';
import { defineEndpoint, encodable, unnamedStartHeaders } from '../service/index.ts';
import { modelInfoSchema, trainModel } from '../training/index.ts';

/** The domains' own routes of the API; the routes of operations come with every host service. */

const count = z.number().int().nonnegative();
const instant = z.coerce.number<number>().optional();

const ofSeries = z.object({
  symbol: z.string().min(1),
  timeframe: z.enum(timeframes),
  /** Epoch milliseconds; `[start, end)`. */
  start: instant,
  end: instant,
});

export const listSeries = defineEndpoint({
  method: 'GET',
  path: '/data/symbols',
  summary: 'What is stored: one entry for each symbol and timeframe',
  response: z.object({
    series: z.array(
      z.object({
        symbol: z.string(),
        timeframe: z.enum(timeframes),
        calendar: z.enum(calendarIds),
        bars: count,
        first: z.number().exactOptional(),
        last: z.number().exactOptional(),
      }),
    ),
  }),
});

export const getBars = defineEndpoint({
  method: 'GET',
  path: '/data/bars',
  summary:
    'Stored bars as columns, oldest first: JSON, or an Arrow stream when the caller accepts it. `last` keeps only the newest',
  query: ofSeries.extend({ last: z.coerce.number<number>().int().min(1).optional() }),
  response: encodable(jsonBarsSchema, jsonBarsAsArrow),
});

export const getCoverage = defineEndpoint({
  method: 'GET',
  path: '/data/coverage',
  summary: 'For every bar the calendar expects: present, confirmed not to exist, or missing',
  query: ofSeries,
  response: z.object({
    expected: count,
    present: count,
    confirmedEmpty: count,
    missing: count,
    gaps: z.array(z.object({ start: z.number(), end: z.number(), bars: count })),
  }),
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

export const postTraining = defineEndpoint({
  method: 'POST',
  path: '/training/start',
  summary: 'Start a training; the answer is its operation. The same as `POST /operations/train_model`',
  headers: unnamedStartHeaders,
  body: trainModel.input,
  response: operationSchema,
  status: 202,
});

export const listModels = defineEndpoint({
  method: 'GET',
  path: '/models',
  summary: 'Trained models, newest first',
  response: z.object({ models: z.array(modelInfoSchema) }),
});

export const getModel = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}',
  summary: 'One trained model; `latest` is the newest version',
  params: z.object({ name: z.string(), version: z.string() }),
  response: modelInfoSchema,
});
