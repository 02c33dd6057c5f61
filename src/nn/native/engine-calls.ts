import type { ProblemDetails } from '../../base/index.ts';
import type { GraphTraining } from './graph-trainer.ts';
import type { DataSize, LoadedRows } from './training-data.ts';

/** What a trainer asks of the process that computes for it, by the name of the call. Plain data; it crosses to there. */
export interface EngineCalls {
  /** Makes room for so many rows; the columns follow by `load`, in pieces. */
  prepare: Call<DataSize, undefined>;
  load: Call<LoadedRows, undefined>;
  /** Over the columns that were loaded. */
  create: Call<Omit<GraphTraining, 'data'>, undefined>;
  /** One step for each batch of the rows; the mean loss of each. */
  steps: Call<{ rows: Int32Array; batchSize: number; learningRate: number }, Float64Array>;
  evaluate: Call<{ rows: Int32Array }, { outputs: Float32Array; lossSum: number }>;
  exportWeights: Call<undefined, Float32Array>;
  exportParams: Call<undefined, Float32Array>;
  importParams: Call<{ params: Float32Array }, undefined>;
  release: Call<undefined, undefined>;
}

interface Call<Input, Answer> {
  readonly input: Input;
  readonly answer: Answer;
}

export type CallName = keyof EngineCalls;

/** A call on the way to the process. `trainer` says which of its trainers is meant. */
export type EngineRequest = {
  [Name in CallName]: { readonly name: Name; readonly trainer: number; readonly input: EngineCalls[Name]['input'] };
}[CallName];

export type EngineReply =
  | { readonly kind: 'answer'; readonly answer: EngineCalls[CallName]['answer'] }
  | { readonly kind: 'failed'; readonly problem: ProblemDetails }
  /** The process is gone; nothing follows. */
  | { readonly kind: 'gone'; readonly how: string };
