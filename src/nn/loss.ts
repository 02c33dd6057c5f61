import { exp, log } from '../base/index.ts';
import { type Objective, sortsIntoClasses } from './objective.ts';

/** Some rows of a network's outputs, and what they are compared with. */
export interface Block {
  readonly rows: number;
  /** Row after row. */
  readonly outputs: Float64Array;
  readonly targets: Float64Array;
  readonly weights: Float64Array;
}

/** An objective at work on blocks of rows. */
export interface Loss {
  /** The sum of the rows' losses, each times its weight. */
  sum(block: Block): number;
  /** Sets `slopes` to the derivative of `scale` times that sum by the sums of the network's last layer. */
  differentiate(block: Block, { slopes, scale }: { slopes: Float64Array; scale: number }): void;
}

/** Makes the sums of a network's last layer outputs of the model, in place: probabilities, or the values as they are. */
export function toOutputs(kind: Objective['kind'], sums: Float64Array, size: { rows: number; width: number }): void {
  if (sortsIntoClasses(kind)) softmax(sums, size);
}

/** @param width how many outputs the model has. */
export function createLoss(objective: Objective, width: number): Loss {
  switch (objective.kind) {
    case 'cross_entropy':
      return classLoss(width, { of: (p) => -logOf(p), slope: () => 1 });
    case 'focal':
      return classLoss(width, focal(objective.gamma));
    case 'huber':
      return valueLoss(huber(objective.delta));
    case 'mse':
      return valueLoss({ of: (error) => error * error, slope: (error) => 2 * error });
    default:
      return objective satisfies never;
  }
}

/** `p` is the probability of the row's class, `q` that of all others; `slope` is what p - 1 of that class is times. */
interface ClassTerm {
  of(p: number, q: number): number;
  slope(p: number, q: number): number;
}

interface ValueTerm {
  of(error: number): number;
  slope(error: number): number;
}

/** -q^gamma log p. Its derivative by the sums is that of the cross entropy times q^gamma (1 - gamma p log(p) / q). */
function focal(gamma: number): ClassTerm {
  const factor = (q: number): number => (gamma === 0 ? 1 : q === 0 ? 0 : exp(gamma * log(q)));
  return {
    of: (p, q) => -factor(q) * logOf(p),
    slope: (p, q) => factor(q) * (1 - gamma * p * (q < 1e-9 ? -1 : logOf(p) / q)),
  };
}

const huber = (delta: number): ValueTerm => ({
  of(error) {
    const size = Math.abs(error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
  },
  slope: (error) => Math.max(-delta, Math.min(delta, error)),
});

/** A probability that rounds to 0 counts as the smallest normal number, so that one hopeless row leaves a finite loss. */
const logOf = (probability: number): number => log(Math.max(probability, 2 ** -1022));

function classLoss(width: number, term: ClassTerm): Loss {
  const othersThan = (outputs: Float64Array, start: number, target: number): number => {
    let sum = 0;
    for (let output = 0; output < width; output += 1) if (output !== target) sum += outputs[start + output] ?? 0;
    return sum;
  };
  return {
    sum({ rows, outputs, targets, weights }) {
      let sum = 0;
      for (let row = 0; row < rows; row += 1) {
        const target = targets[row] ?? 0;
        const p = outputs[row * width + target] ?? 0;
        sum += (weights[row] ?? 0) * term.of(p, othersThan(outputs, row * width, target));
      }
      return sum;
    },
    differentiate({ rows, outputs, targets, weights }, { slopes, scale }) {
      for (let row = 0; row < rows; row += 1) {
        const start = row * width;
        const target = targets[row] ?? 0;
        const slope = term.slope(outputs[start + target] ?? 0, othersThan(outputs, start, target));
        const times = scale * (weights[row] ?? 0) * slope;
        for (let output = 0; output < width; output += 1) {
          slopes[start + output] = times * ((outputs[start + output] ?? 0) - (output === target ? 1 : 0));
        }
      }
    },
  };
}

function valueLoss(term: ValueTerm): Loss {
  return {
    sum({ rows, outputs, targets, weights }) {
      let sum = 0;
      for (let row = 0; row < rows; row += 1) {
        sum += (weights[row] ?? 0) * term.of((outputs[row] ?? 0) - (targets[row] ?? 0));
      }
      return sum;
    },
    differentiate({ rows, outputs, targets, weights }, { slopes, scale }) {
      for (let row = 0; row < rows; row += 1) {
        slopes[row] = scale * (weights[row] ?? 0) * term.slope((outputs[row] ?? 0) - (targets[row] ?? 0));
      }
    },
  };
}

/** The largest sum of each row is taken off first, so that no exponential overflows. */
function softmax(values: Float64Array, { rows, width }: { rows: number; width: number }): void {
  for (let start = 0; start < rows * width; start += width) {
    let largest = -Infinity;
    for (let index = start; index < start + width; index += 1) largest = Math.max(largest, values[index] ?? 0);
    let sum = 0;
    for (let index = start; index < start + width; index += 1) {
      const weight = exp((values[index] ?? 0) - largest);
      values[index] = weight;
      sum += weight;
    }
    for (let index = start; index < start + width; index += 1) values[index] = (values[index] ?? 0) / sum;
  }
}
