import { z } from 'zod';
import { optimizerSchema } from '../nn/index.ts';
import { classWeightings, monitors } from './strategy.ts';

const bars = (most: number) => z.number().int().min(1).max(most);
const multiple = z.number().gt(0).max(100);

const zigzag = z.strictObject({
  source: z.literal('zigzag').describe('kind of the labels'),
  zigzag_threshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.03)
    .describe('the move against a leg that ends it, as a fraction of the price'),
});

const forwardReturn = z.strictObject({
  source: z.literal('forward_return'),
  horizon: bars(10_000).default(20).describe('bars from a row to the close that its return is measured to'),
});

const tripleBarrier = z
  .strictObject({
    source: z.literal('triple_barrier'),
    pt: multiple.default(2).describe('distance of the upper barrier, in volatilities'),
    sl: multiple.default(1.5).describe('distance of the lower barrier, in volatilities'),
    max_holding: bars(10_000).default(50).describe('bars until neither barrier counts any more'),
    vol_span: z.number().int().min(2).max(10_000).default(50).describe('bars that the volatility looks back on'),
    vol_method: z
      .enum(['atr', 'close'])
      .default('atr')
      .describe('volatility from average true ranges, or from the returns of the closes'),
    cusum_threshold: z
      .number()
      .gt(0)
      .lt(1)
      .exactOptional()
      .describe('label only bars at which the sum of returns has moved by this fraction; instead of cusum_multiplier'),
    cusum_multiplier: z
      .number()
      .min(0)
      .max(100)
      .exactOptional()
      .describe('the same in volatilities, 0.5 unless cusum_threshold is given; 0 labels every bar'),
    compute_weights: z
      .boolean()
      .default(false)
      .describe('weigh rows by how little their labels overlap in time with others'),
  })
  .refine(({ cusum_threshold: fixed, cusum_multiplier: relative }) => fixed === undefined || relative === undefined, {
    path: ['cusum_multiplier'],
    message: 'write cusum_threshold or cusum_multiplier, not both',
  });

const context = z.strictObject({
  source: z.literal('context'),
  horizon: bars(10_000).default(5).describe('bars from a row to the close that its return is measured to'),
  bullish_threshold: z.number().gt(0).lt(1).default(0.005).describe('a return above it is BULLISH'),
  bearish_threshold: z.number().lt(0).gt(-1).default(-0.005).describe('a return below it is BEARISH'),
});

const regime = z
  .strictObject({
    source: z.literal('regime'),
    macro_atr_mult: multiple.default(3).describe('the move against a leg that ends it, in average true ranges'),
    micro_atr_mult: multiple.default(1).describe('retracements of fewer average true ranges do not count'),
    atr_period: z.number().int().min(1).max(1_000).default(14).describe('bars of the average true range'),
    vol_lookback: z
      .number()
      .int()
      .min(2)
      .max(10_000)
      .default(120)
      .describe('bars that the usual volatility is taken from'),
    vol_crisis: z.number().gt(1).max(100).default(2).describe('times its usual volatility that make a market VOLATILE'),
    tolerance: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('share of its move that a retracement may take back while a leg is a trend'),
  })
  .refine(({ macro_atr_mult: macro, micro_atr_mult: micro }) => micro < macro, {
    path: ['micro_atr_mult'],
    message: 'a retracement is smaller than what ends a leg: micro_atr_mult below macro_atr_mult',
  });

const labels = z.discriminatedUnion('source', [zigzag, forwardReturn, tripleBarrier, context, regime]);

const scheduler = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('step').describe('kind of the fall'),
    step_size: z.number().int().min(1).max(100_000).default(30).describe('epochs between two reductions'),
    gamma: z.number().gt(0).lt(1).default(0.1).describe('factor of a reduction'),
  }),
  z.strictObject({
    type: z.literal('exponential'),
    gamma: z.number().gt(0).lt(1).default(0.95).describe('factor after every epoch'),
  }),
  z.strictObject({
    type: z.literal('reduce_on_plateau'),
    factor: z.number().gt(0).lt(1).default(0.5).describe('factor of a reduction'),
    patience: z
      .number()
      .int()
      .min(0)
      .max(100_000)
      .default(5)
      .describe('epochs without a lower validation loss that are borne before a reduction'),
  }),
]);

const earlyStopping = z.strictObject({
  patience: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .describe('epochs without improvement before training stops'),
  min_delta: z.number().min(0).default(0.001).describe('what counts as improvement'),
  monitor: z.enum(monitors).default('val_loss').describe('what has to improve'),
});

const fraction = z.number().min(0).max(1);

const split = z
  .strictObject({
    train: fraction.gt(0).describe('the oldest part, which is learnt from'),
    validation: fraction.describe('the part that early stopping and schedulers look at'),
    test: fraction.describe('the newest part, which nothing but the report looks at'),
    embargo: z
      .number()
      .min(0)
      .max(0.2)
      .exactOptional()
      .describe(
        'share of all rows that is left out after each cut, beyond those whose labels reach over it; 0.01 for triple_barrier, else 0',
      ),
  })
  .refine(
    ({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-6,
    'the parts must add up to 1',
  );

export const trainingSchema = z.strictObject({
  labels: labels.prefault({ source: 'zigzag' }).describe('what the network learns to tell of a bar'),
  loss: z
    .enum(['cross_entropy', 'focal', 'huber', 'mse'])
    .exactOptional()
    .describe(
      'what is minimised: cross_entropy (the usual one) or focal for classes, huber (the usual one) or mse for a number',
    ),
  focal_gamma: z
    .number()
    .min(0)
    .max(10)
    .exactOptional()
    .describe('how much the focal loss passes over rows that are clear already; 2 unless given'),
  huber_delta: z
    .number()
    .gt(0)
    .max(1_000)
    .exactOptional()
    .describe('error from which on the Huber loss rises in a straight line; 0.01 unless given'),
  class_weights: z
    .enum(classWeightings)
    .exactOptional()
    .describe('balanced gives rare classes as much weight together as frequent ones; none unless given'),
  epochs: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('how often the training part is gone through at most'),
  learning_rate: z.number().gt(0).max(1).default(0.001).describe('length of a step of the optimizer'),
  lr_scheduler: scheduler.exactOptional().describe('how the learning rate falls over the epochs; without it it stays'),
  batch_size: z.number().int().min(1).max(65_536).default(32).describe('rows of a step'),
  optimizer: optimizerSchema.shape.type.default('adam').describe('sgd has a momentum of 0.9'),
  weight_decay: z
    .number()
    .min(0)
    .max(1)
    .exactOptional()
    .describe('how strongly weights are held small; 0.0001 for classes and 0 for a number unless given'),
  gradient_clip: z.number().min(0).default(1).describe('longest gradient of a step; 0 leaves every one as it is'),
  early_stopping: earlyStopping
    .exactOptional()
    .describe('ends the training when nothing improves and takes the best weights; without it every epoch is trained'),
  data_split: split
    .default({ train: 0.7, validation: 0.15, test: 0.15 })
    .describe('shares of the rows, in time order, at the same instants for every symbol'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(0)
    .describe('decides everything that is random: the same seed and bars give the same model'),
});

export type WrittenTraining = z.infer<typeof trainingSchema>;
