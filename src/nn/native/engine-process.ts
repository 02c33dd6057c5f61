import { Worker } from 'node:worker_threads';
import { KtrdrError } from '../../base/index.ts';
import type { CallName, EngineCalls, EngineReply, EngineRequest } from './engine-calls.ts';
import { GraphTrainer } from './graph-trainer.ts';
import { loadRuntime } from './runtime.ts';
import { TrainingData } from './training-data.ts';

// The process that computes. It holds the library, whose faults end nothing but it, and what the trainers keep there.

/** A library that hangs hears of nothing; this thread does, and ends the process when its owner is gone. */
const watch = new Worker(new URL('./owner-watch.js', import.meta.url));
watch.unref();

interface Place {
  readonly data: TrainingData;
  trainer?: GraphTrainer;
}

const places = new Map<number, Place>();
const runtime = onFirstUse(() => loadRuntime(process.argv[2] ?? ''));

process.on('message', (request: EngineRequest) => {
  void answer(request)
    .then(
      (answer): EngineReply => ({ kind: 'answer', answer }),
      (thrown: unknown): EngineReply => ({ kind: 'failed', problem: KtrdrError.from(thrown).toProblem() }),
    )
    .then((reply) => process.send?.(reply));
});

async function answer({ name, trainer: id, input }: EngineRequest): Promise<EngineCalls[CallName]['answer']> {
  switch (name) {
    case 'prepare':
      places.set(id, { data: new TrainingData(input) });
      return undefined;
    case 'load':
      place(id).data.load(input);
      return undefined;
    case 'create':
      place(id).trainer = await GraphTrainer.create({ ...input, data: place(id).data }, runtime());
      return undefined;
    case 'steps':
      return trainer(id).steps(input.rows, input.batchSize, input.learningRate);
    case 'evaluate':
      return trainer(id).evaluate(input.rows);
    case 'exportWeights':
      return trainer(id).exportWeights();
    case 'exportParams':
      return trainer(id).exportParams();
    case 'importParams':
      trainer(id).importParams(input.params);
      return undefined;
    case 'release':
      await places.get(id)?.trainer?.release();
      places.delete(id);
      return undefined;
    default:
      return name satisfies never;
  }
}

function place(id: number): Place {
  const found = places.get(id);
  if (found === undefined) throw new KtrdrError('internal', `There is no trainer ${id} in this process.`);
  return found;
}

function trainer(id: number): GraphTrainer {
  const { trainer } = place(id);
  if (trainer === undefined) throw new KtrdrError('internal', `The trainer ${id} of this process has no model yet.`);
  return trainer;
}

function onFirstUse<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
