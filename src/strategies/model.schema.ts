import { z } from 'zod';
import { activations } from '../nn/index.ts';

const dropout = z
  .number()
  .min(0)
  .lt(1)
  .default(0.2)
  .describe('share of units that is left out at random in each training step; of gru and lstm between the layers');

const mlp = z.strictObject({
  type: z.literal('mlp').describe('kind of the network: fully connected, or one that reads rows one after the other'),
  architecture: z
    .strictObject({
      hidden_layers: z
        .array(z.number().int().min(1).max(4_096))
        .min(1)
        .max(16)
        .describe('units of each hidden layer, from the inputs on'),
      activation: z.enum(activations).default('relu').describe('of the hidden layers'),
      dropout,
    })
    .describe('the network'),
  features: z
    .strictObject({
      lookback_periods: z
        .number()
        .int()
        .min(0)
        .max(500)
        .default(0)
        .describe('each input is there again as it was 1, 2, ... up to so many bars before'),
    })
    .prefault({})
    .describe('what is added to the inputs'),
});

const recurrent = z.strictObject({
  type: z.enum(['gru', 'lstm']),
  architecture: z
    .strictObject({
      sequence_length: z
        .number()
        .int()
        .min(2)
        .max(1_000)
        .describe('how many rows the network reads one after the other, the last one being the row it decides on'),
      hidden_size: z.number().int().min(1).max(1_024).default(64).describe('units of a layer'),
      num_layers: z.number().int().min(1).max(8).default(2).describe('layers on top of each other'),
      dropout,
    })
    .describe('the network'),
});

export const modelSchema = z.discriminatedUnion('type', [mlp, recurrent]);

export type WrittenModel = z.infer<typeof modelSchema>;
