import { MlpNetwork } from './mlp-network.ts';
import type { ModelSpec } from './model.ts';
import type { Network } from './network.ts';
import { RecurrentNetwork } from './recurrent-network.ts';

/** @param parameters in the flat layout of `parametersOf`; read at each pass, so that a change takes effect. */
export function createNetwork(model: ModelSpec, parameters: Float64Array): Network {
  return model.kind === 'mlp' ? new MlpNetwork(model, parameters) : new RecurrentNetwork(model, parameters);
}
