import { leak } from '../activation.ts';
import { layersOf, type Activation, type MlpSpec } from '../mlp-model.ts';
import type { Objective } from '../objective.ts';
import { activationOperator } from '../onnx/activation-operator.ts';
import type { OnnxGraph } from '../onnx/onnx-graph.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';
import { lossNodes } from './loss-nodes.ts';

interface GraphParts {
  readonly model: MlpSpec;
  readonly objective: Objective;
}

/**
 * Forward and backward of a step as a computation without memory. In go the features of all data (see `TrainingData`) and
 * which `rows` of them are meant, the `targets` of those rows and each row's share in the mean loss, both as wide as the
 * outputs (see `lossNodes`), and the parameters: `weights.0`, [inputs + 1, outputs] with the biases in the last line, then
 * `weights.1`, [outputs, inputs], `biases.1` and so on; where there is dropout `mask.0` and so on, what the units of each
 * hidden layer are multiplied by. Out come the `losses`, which add up to the mean loss, and the gradient: `weights.0.slopes`
 * and so on.
 *
 * The first layer has its weights the other way round since the product that gives their slopes is faster so.
 */
export function stepGraph({ model, objective }: GraphParts): OnnxGraph {
  const graph = new GraphBuilder();
  const { features, targets, shares } = rowsFrom(graph, model);
  const { sums, layers } = forward(graph, model, { features, dropsOut: model.dropout > 0 });
  const { losses, slopes } = lossNodes(graph, objective, { sums, targets });
  graph.output('losses', ['rows', model.outputs], graph.apply('Mul', [losses, shares]));
  backward(graph, model, { layers, slopes: graph.apply('Mul', [slopes(), shares]) });
  return graph.build('step');
}

/** The outputs of each row without dropout, and the losses as in a step, but no gradient. */
export function evaluationGraph({ model, objective }: GraphParts): OnnxGraph {
  const graph = new GraphBuilder();
  const { features, targets, shares } = rowsFrom(graph, model);
  const { sums } = forward(graph, model, { features, dropsOut: false });
  const { outputs, losses } = lossNodes(graph, objective, { sums, targets });
  graph.output('outputs', ['rows', model.outputs], outputs);
  graph.output('losses', ['rows', model.outputs], graph.apply('Mul', [losses, shares]));
  return graph.build('evaluation');
}

/** Makes of every float32 above 0 at least 1. */
const largestNumber = 3e38;

function rowsFrom(graph: GraphBuilder, model: MlpSpec): Record<'features' | 'targets' | 'shares', Value> {
  const { inputs, outputs } = model;
  const rows = graph.input('rows', ['rows'], 'int32');
  return {
    features: graph.apply('Gather', [graph.input('features', ['all', inputs + 1]), rows]),
    targets: graph.input('targets', ['rows', outputs]),
    shares: graph.input('shares', ['rows', outputs]),
  };
}

/** What backward needs of a layer's forward. */
interface LayerState {
  readonly from: Value;
  readonly weights: Value;
  /** The activation's result, before dropout; of the last layer the sums. */
  readonly activated: Value;
  readonly mask?: Value;
}

/** The sums of the last layer, [rows, outputs], and what there is of each layer, from the first on. */
function forward(
  graph: GraphBuilder,
  model: MlpSpec,
  { features, dropsOut }: { features: Value; dropsOut: boolean },
): { sums: Value; layers: readonly LayerState[] } {
  const shapes = layersOf(model);
  const layers: LayerState[] = [];
  let below = features;
  for (const [index, { inputs, outputs }] of shapes.entries()) {
    const isFirst = index === 0;
    const weights = graph.input(`weights.${index}`, isFirst ? [inputs + 1, outputs] : [outputs, inputs]);
    const sums = isFirst
      ? graph.apply('Gemm', [below, weights])
      : graph.apply('Gemm', [below, weights, graph.input(`biases.${index}`, [outputs])], { transB: { integer: 1 } });
    if (index === shapes.length - 1) {
      layers.push({ from: below, weights, activated: sums });
      return { sums, layers };
    }
    const { operator, attributes } = activationOperator(model.activation);
    const activated = graph.apply(operator, [sums], attributes);
    const mask = dropsOut ? graph.input(`mask.${index}`, ['rows', outputs]) : undefined;
    layers.push({ from: below, weights, activated, ...(mask === undefined ? {} : { mask }) });
    below = mask === undefined ? activated : graph.apply('Mul', [activated, mask]);
  }
  throw new TypeError('A network has at least one layer.');
}

/** Adds the derivatives of the loss by weights and biases to the outputs. */
function backward(
  graph: GraphBuilder,
  model: MlpSpec,
  { layers, slopes }: { layers: readonly LayerState[]; slopes: Value },
): void {
  const shapes = layersOf(model);
  let delta = slopes;
  for (const [index, { from, weights }] of [...layers.entries()].toReversed()) {
    const { inputs, outputs } = shapes[index] ?? { inputs: 0, outputs: 0 };
    const below = layers[index - 1];
    if (below === undefined) {
      const slopes = graph.apply('Gemm', [from, delta], { transA: { integer: 1 } });
      graph.output('weights.0.slopes', [inputs + 1, outputs], slopes);
      return;
    }
    const byWeights = graph.apply('Gemm', [delta, from], { transA: { integer: 1 } });
    const byBiases = graph.apply('ReduceSum', [delta, graph.integers([0])], { keepdims: { integer: 0 } });
    graph.output(`weights.${index}.slopes`, [outputs, inputs], byWeights);
    graph.output(`biases.${index}.slopes`, [outputs], byBiases);
    const passed = graph.apply('MatMul', [delta, weights]);
    const kept = below.mask === undefined ? passed : graph.apply('Mul', [passed, below.mask]);
    delta = chained(graph, model.activation, { slopes: kept, outputs: below.activated });
  }
}

/** The slopes times the derivative of the activation at the points where it gave `outputs`. */
function chained(
  graph: GraphBuilder,
  activation: Activation,
  { slopes, outputs }: { slopes: Value; outputs: Value },
): Value {
  // A steep ramp from 0 to 1: other operators that tell the sign go through the numbers one by one.
  const isPositive = (): Value =>
    graph.apply('HardSigmoid', [outputs], { alpha: { float: largestNumber }, beta: { float: 0 } });
  switch (activation) {
    case 'relu':
      return graph.apply('Mul', [slopes, isPositive()]);
    case 'leaky_relu':
      return graph.apply('Mul', [slopes, graph.apply('Max', [isPositive(), graph.number(leak)])]);
    case 'tanh':
      return graph.apply('Sub', [slopes, graph.apply('Mul', [slopes, graph.apply('Mul', [outputs, outputs])])]);
    case 'sigmoid':
      return graph.apply('Mul', [
        slopes,
        graph.apply('Mul', [outputs, graph.apply('Sub', [graph.number(1), outputs])]),
      ]);
    default:
      return activation satisfies never;
  }
}
