import type { ModelSpec, OnnxTensor } from '../../nn/index.ts';
import type { GraphParts } from './network-graph.ts';

type RecurrentSpec = Exclude<ModelSpec, { kind: 'mlp' }>;

/** The gates of ONNX in its order, as positions in PyTorch's: z, r, h of r, z, n; and i, o, f, c of i, f, g, o. */
const gateOrder = { gru: [1, 0, 2], lstm: [0, 3, 1, 2] } as const;

/** From `scaled` to `state`, the hidden state of the last layer after the last row. */
export function recurrentNodes(
  { nodes, constants }: GraphParts,
  { kind, layers, hiddenSize }: RecurrentSpec,
  tensors: ReadonlyMap<string, OnnxTensor>,
): void {
  constants.push({ name: 'direction', shape: [1], values: BigInt64Array.of(1n) });
  // Time comes first for a recurrent operator.
  const time = { perm: { integers: [1, 0, 2] } };
  nodes.push({ operator: 'Transpose', inputs: ['scaled'], outputs: ['sequence.0'], attributes: time });
  for (let layer = 0; layer < layers; layer += 1) {
    const part = (name: string): Float32Array => {
      const values = tensors.get(`layers.${layer}.${name}`)?.values;
      return values instanceof Float32Array ? reordered(values, gateOrder[kind]) : new Float32Array(0);
    };
    const gates = gateOrder[kind].length * hiddenSize;
    const [weight, recurrence] = [part('weight_ih'), part('weight_hh')];
    constants.push(
      { name: `weight.${layer}`, shape: [1, gates, weight.length / gates], values: weight },
      { name: `recurrence.${layer}`, shape: [1, gates, hiddenSize], values: recurrence },
      { name: `bias.${layer}`, shape: [1, 2 * gates], values: Float32Array.of(...part('bias_ih'), ...part('bias_hh')) },
    );
    nodes.push(
      {
        operator: kind === 'gru' ? 'GRU' : 'LSTM',
        inputs: [`sequence.${layer}`, `weight.${layer}`, `recurrence.${layer}`, `bias.${layer}`],
        outputs: [`states.${layer}`, `final.${layer}`],
        attributes: {
          hidden_size: { integer: hiddenSize },
          ...(kind === 'gru' ? { linear_before_reset: { integer: 1 } } : {}),
        },
      },
      // One direction of reading; its axis goes.
      { operator: 'Squeeze', inputs: [`states.${layer}`, 'direction'], outputs: [`sequence.${layer + 1}`] },
    );
  }
  constants.push({ name: 'first', shape: [1], values: BigInt64Array.of(0n) });
  nodes.push({ operator: 'Squeeze', inputs: [`final.${layers - 1}`, 'first'], outputs: ['state'] });
}

/** The blocks of the gates in another order. */
function reordered(values: Float32Array, order: readonly number[]): Float32Array {
  const size = values.length / order.length;
  const result = new Float32Array(values.length);
  for (const [to, from] of order.entries()) result.set(values.subarray(from * size, (from + 1) * size), to * size);
  return result;
}
