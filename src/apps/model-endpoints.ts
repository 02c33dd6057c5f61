import { z } from 'zod';
import { timeframes } from '../market/index.ts';
import {
  comparisonSchema,
  explainedBarSchema,
  modelFormats,
  modelInfoSchema,
  storedModelSchema,
} from '../models/index.ts';
import { defineEndpoint } from '../service/index.ts';
import { mostBarsOnPage } from './bars-page.ts';

/** The routes of trained models. `latest` is a version everywhere but where a model is deleted. */

const params = z.object({ name: z.string(), version: z.string() });
const instant = z.coerce.number<number>().optional();
/** The last bar of a page, the position behind it, and when its newest signal was given: see `pageStartOf`. */
const pageStart = z.string().regex(/^-?\d+:(-1|0|1):(-?\d+)?$/, 'pass the "next" of the page before unchanged');
const ofBars = z.object({
  symbol: z.string().trim().min(1).max(64),
  /** For a model that knows one timeframe: another one to put it on. */
  timeframe: z.enum(timeframes).optional(),
});

export const listModels = defineEndpoint({
  method: 'GET',
  path: '/models',
  summary: 'Trained models by name, the newest version of each first',
  response: z.object({
    models: z.array(modelInfoSchema),
    /** Damaged, or of another format. */
    unreadable: z.array(z.object({ name: z.string(), version: z.string(), problem: z.string() })),
  }),
});

export const getModel = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}',
  summary: 'All that is known of one model: where it comes from, its features, its report, its strategy',
  params,
  response: storedModelSchema,
});

export const deleteModel = defineEndpoint({
  method: 'DELETE',
  path: '/models/{name}/{version}',
  summary: 'Remove one version of a model; its number is never used again',
  params,
  response: z.object({ name: z.string(), version: z.string() }),
});

export const verifyModels = defineEndpoint({
  method: 'GET',
  path: '/models/verification',
  summary: 'Check every file of the models against its hash: of one version, of one name, or of all',
  query: z.object({ name: z.string().optional(), version: z.string().optional() }),
  response: z.object({
    models: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        faults: z.array(z.object({ file: z.string(), problem: z.string() })),
      }),
    ),
  }),
});

export const getComparison = defineEndpoint({
  method: 'GET',
  path: '/models/comparison',
  summary: 'Two models side by side: where they come from, settings that differ, metrics',
  query: z.object({
    first: z.string(),
    firstVersion: z.string().default('latest'),
    second: z.string(),
    secondVersion: z.string().default('latest'),
  }),
  response: comparisonSchema,
});

export const exportedModel = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}/export/{format}',
  summary: `A model as one file for other programs: ${modelFormats.join(' or ')}`,
  params: params.extend({ format: z.enum(modelFormats) }),
  response: 'binary',
});

export const getPredictions = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}/predictions',
  summary: `What a model says of stored bars, and what its strategy makes of it for somebody who has no position at the start of the span: columns, oldest first, ${mostBarsOnPage} bars at most. \`last\` gives the newest of the span; with \`next\` in the answer there are more, \`after\` it`,
  params,
  query: ofBars.extend({
    start: instant,
    end: instant,
    last: z.coerce.number<number>().int().min(1).optional(),
    after: pageStart.optional(),
  }),
  response: z.object({
    model: z.object({ name: z.string(), version: z.string() }),
    symbol: z.string(),
    timeframe: z.enum(timeframes),
    time: z.array(z.number()),
    /** When each bar was complete: what is said was known then. */
    closedAt: z.array(z.number()),
    /** The probability of each class by its name, or `value`. */
    outputs: z.record(z.string(), z.array(z.number())),
    signal: z.array(z.string()),
    /** The rule that held the signal back; null where none did. */
    withheld: z.array(z.string().nullable()),
    next: pageStart.exactOptional(),
  }),
});

export const getExplanation = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}/explanation',
  summary:
    'Why a model says what it says of a bar, and what would change it: the bar at an instant, or the newest before it that the model can judge',
  params,
  query: ofBars.extend({ at: instant }),
  response: explainedBarSchema.extend({
    model: z.object({ name: z.string(), version: z.string() }),
    symbol: z.string(),
    timeframe: z.enum(timeframes),
  }),
});
