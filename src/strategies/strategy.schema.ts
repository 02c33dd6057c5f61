import { z } from 'zod';
import { membershipSchema } from '../fuzzy/index.ts';
import { timeframes } from '../market/index.ts';
import { decisionsSchema } from './decisions.schema.ts';
import { modelSchema } from './model.schema.ts';
import { normalizations } from './strategy.ts';
import { trainingSchema } from './training.schema.ts';

/** The name of a strategy is also that of its models' folder, hence the small alphabet. */
export const nameSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'a name has letters, digits, "_" and "-" and starts with a letter or digit');

/** An indicator, or one output of it: `rsi_14`, `macd_12.histogram`. */
const reference = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_]+)?$/,
    'write the id of an indicator, or "id.output" for an indicator with several outputs',
  );

const dayWords = 'write a day of the calendar as YYYY-MM-DD';

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: dayWords, abort: true })
  .refine(isDay, dayWords)
  .transform((date) => Date.parse(`${date}T00:00:00Z`));

const symbol = z.string().trim().min(1).max(64);
const timeframe = z.enum(timeframes);

const symbols = z
  .strictObject({
    mode: z.enum(['single', 'multi_symbol']).describe('how many there are'),
    symbol: symbol.exactOptional().describe('the one of mode single: AAPL, EUR.USD'),
    symbols: z.array(symbol).min(1).exactOptional().describe('those of mode multi_symbol'),
    list: z.array(symbol).min(1).exactOptional().describe('another word for symbols'),
  })
  .transform(({ mode, symbol: one, symbols: many, list }, context) =>
    choose({ single: mode === 'single', one, many, list, names: ['symbol', 'symbols'] }, context),
  );

const timeframeChoice = z
  .strictObject({
    mode: z.enum(['single', 'multi_timeframe']).describe('how many there are'),
    timeframe: timeframe.exactOptional().describe('the one of mode single'),
    timeframes: z.array(timeframe).min(2).exactOptional().describe('those of mode multi_timeframe'),
    list: z.array(timeframe).min(2).exactOptional().describe('another word for timeframes'),
    base_timeframe: timeframe.exactOptional().describe('the one whose bars are the rows; the fastest unless given'),
  })
  .transform(({ mode, timeframe: one, timeframes: many, list, base_timeframe: base }, context) => {
    const chosen = choose({ single: mode === 'single', one, many, list, names: ['timeframe', 'timeframes'] }, context);
    if (base !== undefined && !chosen.includes(base)) {
      context.addIssue({
        code: 'custom',
        path: ['base_timeframe'],
        message: `the base timeframe ${base} is not one of the timeframes ${chosen.join(', ')}`,
      });
    }
    return { timeframes: chosen, base };
  });

/** Its parameters are those of its type, which the indicator's own schema checks. */
const indicator = z
  .looseObject({ type: z.string().min(1).describe('what is computed') })
  .describe('a type and the parameters of that type');

/** The short form `[a, b, c]` is a triangle. */
const membership = z.preprocess(
  (value) => (Array.isArray(value) ? { type: 'triangular', parameters: value } : value),
  membershipSchema,
);

const inputTimeframes = z.union([z.literal('all'), z.array(timeframe).min(1)], 'write "all" or a list of timeframes');

const input = z
  .strictObject({
    fuzzy_set: z.string().exactOptional().describe('id of a fuzzy set, each member of which becomes an input'),
    raw_indicator: reference
      .exactOptional()
      .describe('id of an indicator, or id.output, whose value itself becomes an input; instead of fuzzy_set'),
    timeframes: inputTimeframes.default('all').describe('on which of the timeframes'),
    normalization: z
      .enum(normalizations)
      .exactOptional()
      .describe('how a raw indicator is scaled, by the training part only; none unless given'),
  })
  .superRefine(({ fuzzy_set, raw_indicator, normalization }, context) => {
    if ((fuzzy_set === undefined) === (raw_indicator === undefined)) {
      context.addIssue({ code: 'custom', message: 'an input names either a fuzzy_set or a raw_indicator' });
    } else if (fuzzy_set !== undefined && normalization !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['normalization'],
        message: 'memberships lie in [0, 1] already; normalization is for a raw_indicator',
      });
    }
  });

/** A strategy file, grammar 3.0, as written: its shape and its ranges. References between its parts are checked later. */
export const strategySchema = z.strictObject({
  name: nameSchema.describe('name of the strategy and of its models'),
  description: z.string().default('').describe('what it does, for people'),
  hypothesis: z.string().default('').describe('why it might work, for people'),
  version: z.enum(['3.0']).default('3.0').describe('of the grammar, in quotes'),
  training_data: z
    .strictObject({
      symbols: symbols.describe('what is trained on'),
      timeframes: timeframeChoice.describe('which bars of it'),
      history_required: z.number().int().min(50).default(200).describe('fewest bars that each symbol must have'),
      start_date: day.exactOptional().describe('first day; without it from the first stored bar'),
      end_date: day.exactOptional().describe('last day; without it to the last stored bar'),
    })
    .refine(({ start_date: start, end_date: end }) => start === undefined || end === undefined || start <= end, {
      path: ['end_date'],
      message: 'the last day lies before the first',
    })
    .describe('the bars that the model learns from'),
  indicators: z.record(nameSchema, indicator).describe('what is computed from the bars, by ids of your choice'),
  fuzzy_sets: z
    .record(
      nameSchema,
      z
        .object({ indicator: reference.describe('id of an indicator, or id.output of one with several outputs') })
        .catchall(membership.describe('a word: three numbers [a, b, c] for a triangle, or a type and its parameters'))
        .describe('an indicator and words for ranges of it'),
    )
    .default({})
    .describe('words for what indicators say, by ids of your choice'),
  nn_inputs: z.array(input).min(1).describe('the inputs of the network, in their order'),
  model: modelSchema.describe('the network'),
  decisions: decisionsSchema.prefault({}).describe('how outputs of the network become signals'),
  training: trainingSchema.prefault({}).describe('what is learnt, and how'),
});

export type WrittenStrategy = z.infer<typeof strategySchema>;

interface Choice<T> {
  single: boolean;
  one: T | undefined;
  many: readonly T[] | undefined;
  /** An older spelling of `many`. */
  list: readonly T[] | undefined;
  names: readonly [one: string, many: string];
}

/** The values that a `mode` selects; exactly one of the keys that fit the mode must be there. */
function choose<T>({ single, one, many, list, names }: Choice<T>, context: z.RefinementCtx): T[] {
  const [oneName, manyName] = names;
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  const several = many ?? list ?? [];
  if (single) {
    if (one === undefined || several.length > 0) refuse(`mode single takes one "${oneName}" and no list`);
    return one === undefined ? [] : [one];
  }
  if (one !== undefined || (many === undefined) === (list === undefined)) {
    refuse(`a mode for several takes one list, "${manyName}"`);
  } else if (new Set(several).size < several.length) {
    refuse(`"${manyName}" names something twice`);
  }
  return [...several];
}

function isDay(date: string): boolean {
  const instant = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(date);
}
