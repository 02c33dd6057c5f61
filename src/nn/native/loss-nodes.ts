import { type Objective, sortsIntoClasses } from '../objective.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';

/** What an objective makes of the sums of a network's last layer. */
export interface LossNodes {
  /** Probabilities, or the values as they are: [rows, outputs]. */
  readonly outputs: Value;
  /** What adds up to the loss of a row, without its share: [rows, outputs]. */
  readonly losses: Value;
  /** The derivative of a row's loss by its sums: [rows, outputs]. */
  readonly slopes: () => Value;
}

interface LossParts {
  /** Of the network's last layer: [rows, outputs]. */
  readonly sums: Value;
  /** Values, or 1 for the class of the row and 0 for the others: [rows, outputs]. */
  readonly targets: Value;
}

/** The formulas of `createLoss`, as nodes. */
export function lossNodes(graph: GraphBuilder, objective: Objective, parts: LossParts): LossNodes {
  const { sums, targets } = parts;
  if (sortsIntoClasses(objective.kind)) {
    return classNodes(graph, parts, objective.kind === 'focal' ? objective.gamma : 0);
  }
  const error = graph.apply('Sub', [sums, targets]);
  if (objective.kind !== 'huber') {
    const losses = graph.apply('Mul', [error, error]);
    return { outputs: sums, losses, slopes: () => graph.apply('Mul', [error, graph.number(2)]) };
  }
  const delta = graph.number(objective.delta);
  const size = graph.apply('Abs', [error]);
  const bent = graph.apply('Min', [size, delta]);
  const height = graph.apply('Sub', [size, graph.apply('Mul', [bent, graph.number(0.5)])]);
  return {
    outputs: sums,
    losses: graph.apply('Mul', [bent, height]),
    slopes: () => graph.apply('Max', [graph.apply('Min', [error, delta]), graph.number(-objective.delta)]),
  };
}

/** -ln of the smallest normal number of float64: the greatest loss of a row, as in the other backends. */
const greatestLoss = 708.396_418_532_264_1;

function classNodes(graph: GraphBuilder, { sums, targets: ofClass }: LossParts, gamma: number): LossNodes {
  const alongRow = graph.integers([1]);
  const sumOf = (a: Value, b: Value): Value => graph.apply('ReduceSum', [graph.apply('Mul', [a, b]), alongRow]);
  const logs = graph.apply('LogSoftmax', [sums], { axis: { integer: 1 } });
  const outputs = graph.apply('Exp', [logs]);
  const logOfClass = graph.apply('Mul', [ofClass, graph.apply('Max', [logs, graph.number(-greatestLoss)])]);
  const towardsClass = (): Value => graph.apply('Sub', [outputs, ofClass]);
  if (gamma === 0) return { outputs, losses: graph.apply('Neg', [logOfClass]), slopes: towardsClass };

  const ofOthers = graph.apply('Sub', [graph.number(1), ofClass]);
  const p = sumOf(ofClass, outputs);
  const q = sumOf(ofOthers, outputs);
  const log = graph.apply('ReduceSum', [logOfClass, alongRow]);
  const factor = graph.apply('Pow', [q, graph.number(gamma)]);
  const perOther = logPerOther(graph, log, q);
  const loss = graph.apply('Neg', [graph.apply('Mul', [factor, graph.apply('Mul', [perOther, q])])]);
  const losses = graph.apply('Mul', [ofClass, loss]);
  return {
    outputs,
    losses,
    slopes() {
      const rise = graph.apply('Mul', [graph.apply('Mul', [p, perOther]), graph.number(gamma)]);
      const slope = graph.apply('Mul', [factor, graph.apply('Sub', [graph.number(1), rise])]);
      return graph.apply('Mul', [slope, towardsClass()]);
    },
  };
}

/** ln(1 - q) / q: where q is small by its series, since float32 keeps few digits of a logarithm that is almost 0. */
function logPerOther(graph: GraphBuilder, log: Value, q: Value): Value {
  let series = graph.number(-1 / 5);
  for (const term of [4, 3, 2, 1]) {
    series = graph.apply('Sub', [graph.apply('Mul', [series, q]), graph.number(1 / term)]);
  }
  const quotient = graph.apply('Div', [log, q]);
  return graph.apply('Where', [graph.apply('Less', [q, graph.number(0.02)]), series, quotient]);
}
