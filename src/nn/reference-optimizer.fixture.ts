import type { OptimizerSpec } from './trainer.ts';

/** The optimizers' formulas, one number at a time, in float64: gives the weights after a step that counts from 1. */
export function referenceOptimizer({ type, learningRate, weightDecay, gradientClip }: OptimizerSpec, count: number) {
  const first: number[] = Array.from({ length: count }, () => 0);
  const second: number[] = Array.from({ length: count }, () => 0);
  return (weights: number[], gradient: number[], step: number): number[] => {
    const length = Math.hypot(...gradient);
    const scale = gradientClip > 0 ? Math.min(1, gradientClip / length) : 1;
    return weights.map((weight, index) => {
      const slope = scale * (gradient[index] ?? 0) + (type === 'adamw' ? 0 : weightDecay * weight);
      const [m, v] = [first[index] ?? 0, second[index] ?? 0];
      if (type === 'sgd') {
        first[index] = 0.9 * m + slope;
        return weight - learningRate * (first[index] ?? 0);
      }
      const forget = type === 'rmsprop' ? 0.99 : 0.999;
      second[index] = forget * v + (1 - forget) * slope ** 2;
      if (type === 'rmsprop') return weight - (learningRate * slope) / (Math.sqrt(second[index] ?? 0) + 1e-8);
      first[index] = 0.9 * m + 0.1 * slope;
      const mean = (first[index] ?? 0) / (1 - 0.9 ** step);
      const spread = Math.sqrt((second[index] ?? 0) / (1 - 0.999 ** step));
      const shrunk = type === 'adamw' ? weight * (1 - learningRate * weightDecay) : weight;
      return shrunk - (learningRate * mean) / (spread + 1e-8);
    });
  };
}
