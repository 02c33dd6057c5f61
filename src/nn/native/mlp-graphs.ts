import { leak } from '../activation.ts';
import { layersOf, type Activation, type MlpSpec } from '../mlp-model.ts';
import { parameterCount } from '../model.ts';
import { type Objective, sortsIntoClasses } from '../objective.ts';
import { activationOperator } from '../onnx/activation-operator.ts';
import type { OnnxGraph } from '../onnx/onnx-graph.ts';
import type { OptimizerSpec } from '../trainer.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';
import { lossNodes } from './loss-nodes.ts';
import { addOptimizer } from './optimizer-nodes.ts';

interface GraphParts {
  readonly model: MlpSpec;
  readonly objective: Objective;
  readonly optimizer: OptimizerSpec;
}

/**
 * One step of training as a computation without memory: the data, which of its rows are meant, `weights` and moments go in,
 * the next ones come out, beside what each row adds to the mean loss before the step. `mask.0` and so on are what the units
 * of each hidden layer are multiplied by, where there is dropout.
 */
export function stepGraph({ model, objective, optimizer }: GraphParts): OnnxGraph {
  const graph = new GraphBuilder();
  const { features, targets, rowWeights } = rowsFrom(graph, model, objective);
  const { sums, layers } = forward(graph, model, { features, dropsOut: model.dropout > 0 });
  const { losses, slopes } = lossNodes(graph, objective, { sums, width: model.outputs, targets });
  const total = graph.apply('ReduceSum', [rowWeights]);
  // Rows that weigh nothing at all have no share in anything.
  const shares = graph.apply('Div', [rowWeights, graph.apply('Max', [total, graph.number(leastWeight)])]);
  graph.output('losses', ['rows', 1], graph.apply('Mul', [losses, shares]));
  const count = parameterCount(model);
  const gradient = backward(graph, model, { layers, slopes: graph.apply('Mul', [slopes(), shares]) });
  addOptimizer(graph, optimizer, { weights: 'weights', gradient, count });
  return graph.build('step');
}

/** The outputs and the loss of each row, times its weight, without dropout. */
export function evaluationGraph({ model, objective }: Omit<GraphParts, 'optimizer'>): OnnxGraph {
  const graph = new GraphBuilder();
  const { features, targets, rowWeights } = rowsFrom(graph, model, objective);
  const { sums } = forward(graph, model, { features, dropsOut: false });
  const { outputs, losses } = lossNodes(graph, objective, { sums, width: model.outputs, targets });
  graph.output('outputs', ['rows', model.outputs], outputs);
  graph.output('losses', ['rows', 1], graph.apply('Mul', [losses, rowWeights]));
  return graph.build('evaluation');
}

const leastWeight = 1e-30;

/** Makes of every float32 above 0 at least 1. */
const largestNumber = 3e38;

/** The rows that are asked for, out of all data: [rows, inputs], and twice [rows, 1]. */
function rowsFrom(
  graph: GraphBuilder,
  { inputs }: MlpSpec,
  { kind }: Objective,
): Record<'features' | 'targets' | 'rowWeights', Value> {
  const rows = graph.input('rows', ['rows'], 'int32');
  const gathered = (value: Value): Value => graph.apply('Gather', [value, rows]);
  return {
    features: gathered(graph.input('features', ['all', inputs])),
    targets: gathered(graph.input('targets', ['all', 1], sortsIntoClasses(kind) ? 'int32' : 'float')),
    rowWeights: gathered(graph.input('rowWeights', ['all', 1])),
  };
}

/** What backward needs of a layer's forward. */
interface LayerState {
  readonly from: Value;
  /** [outputs, inputs]. */
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
  const tensors = graph.split(
    graph.input('weights', [parameterCount(model)]),
    shapes.flatMap(({ inputs, outputs }) => [inputs * outputs, outputs]),
  );
  const layers: LayerState[] = [];
  let below = features;
  for (const [index, { inputs, outputs }] of shapes.entries()) {
    const weights = graph.apply('Reshape', [tensors[2 * index] ?? '', graph.integers([outputs, inputs])]);
    const product = [below, weights, tensors[2 * index + 1] ?? ''];
    const sums = graph.apply('Gemm', product, { transB: { integer: 1 } });
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

/** The derivative of the loss by the weights, in their flat layout. */
function backward(
  graph: GraphBuilder,
  model: MlpSpec,
  { layers, slopes }: { layers: readonly LayerState[]; slopes: Value },
): Value {
  const flat = graph.integers([-1]);
  const pieces: Value[] = [];
  let delta = slopes;
  for (const [index, { from, weights }] of [...layers.entries()].toReversed()) {
    const byWeights = graph.apply('Gemm', [delta, from], { transA: { integer: 1 } });
    const byBiases = graph.apply('ReduceSum', [delta, graph.integers([0])], { keepdims: { integer: 0 } });
    pieces.unshift(graph.apply('Reshape', [byWeights, flat]), byBiases);
    const below = layers[index - 1];
    if (below === undefined) break;
    const passed = graph.apply('MatMul', [delta, weights]);
    const kept = below.mask === undefined ? passed : graph.apply('Mul', [passed, below.mask]);
    delta = chained(graph, model.activation, { slopes: kept, outputs: below.activated });
  }
  return graph.apply('Concat', pieces, { axis: { integer: 0 } });
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
