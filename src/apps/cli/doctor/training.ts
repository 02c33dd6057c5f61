import type { Settings } from '../../../config/index.ts';
import { KtrdrError } from '../../../base/index.ts';
import type { TrainerBackend } from '../../../nn/index.ts';
import { backendNamed, findBackend } from '../../../training/index.ts';
import { formatBytes } from '../format.ts';
import type { Finding } from './finding.ts';

/** Trains one step of a small model with what the settings name. */
export function lookAtTraining({ training, home }: Pick<Settings, 'training' | 'home'>): Finding {
  const { backend: setting, memoryMb } = training;
  let backend: TrainerBackend;
  let loss: number;
  try {
    const found = findBackend(setting, 'mlp', [home]);
    backend = backendNamed(found.backend.name, found.library);
    loss = lossOfOneStep(backend);
  } catch (thrown) {
    return { status: 'fail', detail: `${setting} trains nothing here`, advice: KtrdrError.from(thrown).message };
  }
  if (!Number.isFinite(loss)) {
    const advice = 'Set training.backend to another one, and report it: this one does not compute correctly here.';
    return { status: 'fail', detail: `${backend.name} gives the loss ${loss}`, advice };
  }
  const detail = `${backend.name}${setting === 'auto' ? ', the fastest' : ', by the settings'}; ${formatBytes(memoryMb * 1024 ** 2)} for one training`;
  return { status: 'ok', detail };
}

function lossOfOneStep(backend: TrainerBackend): number {
  using _ = backend;
  using trainer = backend.create({
    model: { kind: 'mlp', inputs: 2, hiddenLayers: [4], outputs: 2, activation: 'relu', dropout: 0 },
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate: 0.01, weightDecay: 0, gradientClip: 1 },
    data: { features: Float32Array.of(0, 1, 1, 0), targets: Int32Array.of(0, 1) },
    seed: 1,
  });
  return trainer.step(Int32Array.of(0, 1));
}
