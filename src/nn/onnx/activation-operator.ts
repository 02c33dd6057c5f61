import { leak } from '../activation.ts';
import type { Activation } from '../mlp-model.ts';
import type { OnnxNode } from './onnx-graph.ts';

/** The operator of ONNX that is an activation. */
export function activationOperator(activation: Activation): Pick<OnnxNode, 'operator' | 'attributes'> {
  const operator = { relu: 'Relu', leaky_relu: 'LeakyRelu', tanh: 'Tanh', sigmoid: 'Sigmoid' }[activation];
  return { operator, ...(activation === 'leaky_relu' ? { attributes: { alpha: { float: leak } } } : {}) };
}
