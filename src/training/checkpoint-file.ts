import { createHash } from 'node:crypto';
import { z } from 'zod';
import { KtrdrError, type Schema } from '../base/index.ts';
import { readSafetensors, writeSafetensors } from '../nn/index.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import { epochMetricsSchema } from '../models/index.ts';
import type { BestState } from './best-epoch.ts';
import type { RunState } from './training-run.ts';

/** Where a training had got to, and which training that was. */
export interface TrainingCheckpoint {
  /** See `jobHash`. */
  readonly job: string;
  readonly state: RunState;
}

interface Header {
  job: string;
  history: RunState['history'];
  begun: RunState['begun'];
  shuffle: RunState['shuffle'];
  best?: Omit<BestState, 'params'>;
}

const word = z.number().int().min(0).max(0xffff_ffff);
const count = z.number().int().positive();

const headerSchema: Schema<Header> = z.object({
  job: z.string(),
  history: z.array(epochMetricsSchema),
  begun: z.object({ batches: z.number().int().nonnegative(), lossSum: z.number(), weight: z.number() }),
  shuffle: z.tuple([word, word, word, word]),
  best: z.object({ epoch: count, score: z.number(), reference: z.number(), improvedAt: count }).exactOptional(),
});

const metadataKey = 'training';

interface Job {
  readonly plan: TrainingPlan;
  readonly dataFingerprint: string;
  /** Its name, and what it computes with. */
  readonly backend: string;
}

/** SHA-256 over all that decides the weights: a checkpoint of other bars, another plan or another backend is of no use. */
export function jobHash({ plan, dataFingerprint, backend }: Job): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, dataFingerprint, backend]))
    .digest('hex');
}

/** A safetensors file: the trainer's parameters, and those of the best epoch, as tensors; the rest as JSON beside them. */
export function encodeCheckpoint({
  job,
  state: { history, begun, shuffle, params, best },
}: TrainingCheckpoint): Uint8Array {
  const tensors = new Map([['params', vector(params)]]);
  const header: Header = { job, history, begun, shuffle };
  if (best !== undefined) {
    const { params: bestParams, ...standing } = best;
    tensors.set('best', vector(bestParams));
    header.best = standing;
  }
  return writeSafetensors({ tensors, metadata: { [metadataKey]: JSON.stringify(header) } });
}

/** @throws KtrdrError `data_corrupt` when the bytes are no checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array): TrainingCheckpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const { job, history, begun, shuffle, best } = headerOf(metadata[metadataKey]);
  const params = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw corrupt(`it has no tensor "${name}"`);
    return tensor.values;
  };
  const state = { history, begun, shuffle, params: params('params') };
  return { job, state: best === undefined ? state : { ...state, best: { ...best, params: params('best') } } };
}

function headerOf(text: string | undefined): Header {
  try {
    return headerSchema.parse(JSON.parse(text ?? ''));
  } catch (cause) {
    throw corrupt('its description cannot be read', cause);
  }
}

const vector = (values: Float32Array): { shape: number[]; values: Float32Array } => ({
  shape: [values.length],
  values,
});

const corrupt = (fault: string, cause?: unknown): KtrdrError =>
  new KtrdrError('data_corrupt', `This is not a checkpoint of a training: ${fault}; train from the beginning.`, {
    cause,
  });
