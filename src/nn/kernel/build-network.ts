import { KtrdrError } from '../../base/index.ts';
import { activations, layersOf, type MlpSpec } from '../mlp-model.ts';
import { type ModelSpec, parameterCount } from '../model.ts';
import type { Objective } from '../objective.ts';
import { recurrentLayersOf, type RecurrentSpec } from '../recurrent-model.ts';
import type { OptimizerSpec } from '../trainer.ts';
import { createKernel, type Kernel } from './kernel.ts';

/** The optimizer keeps three numbers for each parameter, the gradient one, all within the 4 GiB that an address reaches. */
const mostParameters = 2 ** 27;

/** What a recurrent network keeps of a sequence, beside the parameters. */
const mostStateBytes = 2 ** 31;

const recurrentKinds = ['gru', 'lstm'] as const satisfies readonly RecurrentSpec['kind'][];
const objectives = ['cross_entropy', 'focal', 'huber', 'mse'] as const satisfies readonly Objective['kind'][];
const optimizers = ['adam', 'adamw', 'sgd', 'rmsprop'] as const satisfies readonly OptimizerSpec['type'][];

/**
 * A kernel with a network whose parameters are 0.
 * @throws KtrdrError `invalid_input` for a network that is too large, `failed_precondition` when the memory does not
 *   suffice.
 */
export function buildNetwork(parts: { model: ModelSpec; objective: Objective; optimizer: OptimizerSpec }): Kernel {
  const { model, objective, optimizer } = parts;
  const count = parameterCount(model);
  checkParameters(count);
  return createKernel((kernel) => {
    if (model.kind === 'mlp') buildMlp(kernel, model);
    else buildRecurrent(kernel, model);
    kernel.seal(count);
    kernel.setObjective(objectives.indexOf(objective.kind), parameterOf(objective));
    setOptimizer(kernel, optimizer);
  });
}

/**
 * A kernel that moves `count` parameters, which begin as 0, along a gradient that something else computes.
 * @throws KtrdrError as `buildNetwork`.
 */
export function buildOptimizer(optimizer: OptimizerSpec, count: number): Kernel {
  checkParameters(count);
  return createKernel((kernel) => {
    kernel.sealFlat(count);
    setOptimizer(kernel, optimizer);
  });
}

function checkParameters(count: number): void {
  if (count <= mostParameters) return;
  throw new KtrdrError('invalid_input', `This model has ${count} parameters; ${mostParameters} are possible at most.`);
}

function setOptimizer(kernel: Kernel, { type, weightDecay, gradientClip }: OptimizerSpec): void {
  kernel.setOptimizer(optimizers.indexOf(type), weightDecay, gradientClip);
}

function buildMlp(kernel: Kernel, model: MlpSpec): void {
  kernel.beginMlp(model.inputs, activations.indexOf(model.activation), model.dropout);
  for (const { outputs, weights, biases } of layersOf(model)) kernel.addDense(outputs, weights, biases);
}

function buildRecurrent(kernel: Kernel, model: RecurrentSpec): void {
  checkState(kernel, model);
  const { kind, sequenceLength, hiddenSize, dropout } = model;
  const { recurrent, dense } = recurrentLayersOf(model);
  kernel.beginRecurrent(recurrentKinds.indexOf(kind), sequenceLength, hiddenSize, dropout);
  for (const { inputs, weightIh, weightHh, biasIh, biasHh } of recurrent) {
    kernel.addRecurrent(inputs, weightIh, weightHh, biasIh, biasHh);
  }
  kernel.endRecurrent(dense.outputs, dense.weights, dense.biases);
}

/** Addresses beyond the memory would begin at its start again, and nobody would notice. */
function checkState({ chunkRows }: Kernel, { inputs, sequenceLength, hiddenSize, layers }: RecurrentSpec): void {
  // Gates, source, memory and mask of a step, and what fills them up.
  const lines = 8 * hiddenSize + Math.max(inputs, hiddenSize) + 16;
  const bytes = lines * sequenceLength * layers * chunkRows.value * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= mostStateBytes) return;
  throw new KtrdrError(
    'invalid_input',
    `This model keeps ${Math.round(bytes / 2 ** 20)} MiB of a sequence; ${mostStateBytes / 2 ** 20} are possible at most. ` +
      'Take a shorter sequence, a smaller hidden size or fewer layers.',
  );
}

function parameterOf(objective: Objective): number {
  if (objective.kind === 'focal') return objective.gamma;
  return objective.kind === 'huber' ? objective.delta : 0;
}
