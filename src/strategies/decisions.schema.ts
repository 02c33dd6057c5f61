import { z } from 'zod';

const volumeFilter = z.strictObject({
  period: z.number().int().min(2).max(500).default(20).describe('bars before, whose mean volume is compared with'),
  min_ratio: z.number().gt(0).max(100).default(1).describe('least volume of a bar with a signal, in means'),
});

export const decisionsSchema = z.strictObject({
  output_format: z
    .enum(['classification', 'regression'])
    .default('classification')
    .describe('regression for labels that are a number (forward_return), classification for all others'),
  confidence_threshold: z
    .number()
    .min(0)
    .lt(1)
    .exactOptional()
    .describe('a class with a lower probability decides nothing; 0.5 unless given; not for a regression'),
  position_awareness: z
    .boolean()
    .exactOptional()
    .describe('hold back a signal that the position at hand makes empty, such as BUY while long; true unless given'),
  filters: z
    .strictObject({
      min_signal_separation: z
        .number()
        .gt(0)
        .max(8_760)
        .exactOptional()
        .describe('shortest time between two signals, in hours'),
      volume_filter: z
        .union([z.boolean(), volumeFilter], 'write true, false, or a map with period and min_ratio')
        .default(false)
        .describe(
          'hold back a signal at a bar with little volume; true stands for a period of 20 and a min_ratio of 1',
        ),
    })
    .prefault({})
    .describe('what else holds a signal back'),
  cost_model: z
    .strictObject({
      round_trip_cost: z
        .number()
        .min(0)
        .lt(1)
        .default(0.003)
        .describe('cost of opening and closing, as a fraction of the price'),
      min_edge_multiplier: z
        .number()
        .gt(0)
        .max(100)
        .default(1.5)
        .describe('times the cost that a forecast must promise'),
    })
    .exactOptional()
    .describe('when the forecast of a regression is worth a trade; its usual values unless given'),
  allow_short_from_flat: z
    .boolean()
    .exactOptional()
    .describe('SELL without a position opens a short one; needs position_awareness; false unless given'),
});

export type WrittenDecisions = z.infer<typeof decisionsSchema>;
