import { z } from 'zod';
import { membershipSchema } from '../fuzzy/index.ts';
import { timeframes } from '../market/index.ts';
import { activations, optimizerSchema } from '../nn/index.ts';
import { monitors, normalizations } from './strategy.ts';

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

const day = z
  .string()
  .refine(isDay, 'write a day of the calendar as YYYY-MM-DD')
  .transform((date) => Date.parse(`${date}T00:00:00Z`));

const symbol = z.string().trim().min(1).max(64);
const timeframe = z.enum(timeframes);

const symbols = z
  .strictObject({
    mode: z.enum(['single', 'multi_symbol']),
    symbol: symbol.exactOptional(),
    symbols: z.array(symbol).min(1).exactOptional(),
    list: z.array(symbol).min(1).exactOptional(),
  })
  .transform(({ mode, symbol: one, symbols: many, list }, context) =>
    choose({ single: mode === 'single', one, many, list, names: ['symbol', 'symbols'] }, context),
  );

const timeframeChoice = z
  .strictObject({
    mode: z.enum(['single', 'multi_timeframe']),
    timeframe: timeframe.exactOptional(),
    timeframes: z.array(timeframe).min(2).exactOptional(),
    list: z.array(timeframe).min(2).exactOptional(),
    base_timeframe: timeframe.exactOptional(),
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

const indicator = z.looseObject({ type: z.string().min(1) });

/** The short form `[a, b, c]` is a triangle. */
const membership = z.preprocess(
  (value) => (Array.isArray(value) ? { type: 'triangular', parameters: value } : value),
  membershipSchema,
);

const inputTimeframes = z.union([z.literal('all'), z.array(timeframe).min(1)], 'write "all" or a list of timeframes');

const input = z
  .strictObject({
    fuzzy_set: z.string().exactOptional(),
    raw_indicator: reference.exactOptional(),
    timeframes: inputTimeframes.default('all'),
    normalization: z.enum(normalizations).exactOptional(),
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

const fraction = z.number().min(0).max(1);

const split = z
  .strictObject({ train: fraction.gt(0), validation: fraction, test: fraction })
  .refine(
    ({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-6,
    'the parts must add up to 1',
  );

const earlyStopping = z.strictObject({
  patience: z.number().int().min(1).default(10),
  min_delta: z.number().min(0).default(0.001),
  monitor: z.enum(monitors).default('val_loss'),
});

const labels = z.strictObject({
  source: z.enum(['zigzag']).default('zigzag'),
  zigzag_threshold: z.number().gt(0).lt(1).default(0.03),
});

const training = z
  .strictObject({
    labels: labels.prefault({}),
    loss: z.enum(['cross_entropy']).default('cross_entropy'),
    epochs: z.number().int().min(1).max(100_000).default(100),
    learning_rate: z.number().gt(0).max(1).default(0.001),
    batch_size: z.number().int().min(1).max(65_536).default(32),
    optimizer: optimizerSchema.shape.type.default('adam'),
    weight_decay: z.number().min(0).max(1).default(1e-4),
    gradient_clip: z.number().min(0).default(1),
    early_stopping: earlyStopping.exactOptional(),
    data_split: split.default({ train: 0.7, validation: 0.15, test: 0.15 }),
    seed: z.number().int().min(0).max(0xffff_ffff).default(0),
  })
  .refine(({ early_stopping: stopping, data_split: { validation } }) => stopping === undefined || validation > 0, {
    path: ['early_stopping'],
    message: 'early stopping watches the validation part, and data_split.validation is 0',
  });

const model = z.strictObject({
  type: z.enum(['mlp']),
  architecture: z.strictObject({
    hidden_layers: z.array(z.number().int().min(1).max(4_096)).min(1).max(16),
    activation: z.enum(activations).default('relu'),
    dropout: z.number().min(0).lt(1).default(0.2),
  }),
});

/** A strategy file, grammar 3.0, as written: its shape and its ranges. References between its parts are checked later. */
export const strategySchema = z.strictObject({
  name: nameSchema,
  description: z.string().default(''),
  hypothesis: z.string().default(''),
  version: z.enum(['3.0']).default('3.0'),
  training_data: z
    .strictObject({
      symbols,
      timeframes: timeframeChoice,
      history_required: z.number().int().min(50).default(200),
      start_date: day.exactOptional(),
      end_date: day.exactOptional(),
    })
    .refine(({ start_date: start, end_date: end }) => start === undefined || end === undefined || start <= end, {
      path: ['end_date'],
      message: 'the last day lies before the first',
    }),
  indicators: z.record(nameSchema, indicator),
  fuzzy_sets: z.record(nameSchema, z.object({ indicator: reference }).catchall(membership)).default({}),
  nn_inputs: z.array(input).min(1),
  model,
  decisions: z.strictObject({ output_format: z.enum(['classification']).default('classification') }).prefault({}),
  training: training.prefault({}),
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
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return false;
  const instant = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(date);
}
