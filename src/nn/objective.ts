import { z } from 'zod';
import { KtrdrError } from '../base/index.ts';
import type { ModelSpec } from './model.ts';

/**
 * What a model is trained for. The first two sort rows into classes: the outputs become probabilities by a softmax. The
 * others estimate a value with the one output of the model.
 */
export const objectiveSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cross_entropy') }),
  /** Cross entropy times (1 - p)^gamma (Lin et al. 2017), which makes rows that are known well count less. */
  z.strictObject({ kind: z.literal('focal'), gamma: z.number().min(0) }),
  /** Half the squared error up to `delta`, and on from there in a straight line (Huber 1964). */
  z.strictObject({ kind: z.literal('huber'), delta: z.number().positive() }),
  /** The squared error. */
  z.strictObject({ kind: z.literal('mse') }),
]);

export type Objective = z.infer<typeof objectiveSchema>;

/** True when the outputs are probabilities of classes, false when they are a value. */
export function sortsIntoClasses(kind: Objective['kind']): boolean {
  return kind === 'cross_entropy' || kind === 'focal';
}

/** @throws KtrdrError `invalid_input` when the model has not as many outputs as the objective needs. */
export function checkOutputs({ outputs }: ModelSpec, { kind }: Objective): void {
  if (sortsIntoClasses(kind) ? outputs >= 2 : outputs === 1) return;
  const needed = sortsIntoClasses(kind) ? 'an output for each of two or more classes' : 'one output, the value';
  throw new KtrdrError('invalid_input', `A model for ${kind} has ${needed}; this one has ${outputs}.`);
}
