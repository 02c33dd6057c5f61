import {
  activationOperator,
  parametersOf,
  type ModelSpec,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from '../../nn/index.ts';
import type { FeatureScale } from '../../samples/index.ts';
import { recurrentNodes } from './recurrent-nodes.ts';

interface NetworkGraphOptions {
  readonly model: ModelSpec;
  /** In the flat layout of `parametersOf`. */
  readonly weights: Float32Array;
  /** How each feature is scaled; part of the graph, which takes features as they are computed. */
  readonly scales: readonly FeatureScale[];
  /** Whether outputs are probabilities of classes. */
  readonly isClassifier: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What nodes are made from: constants by name, and what was built before. */
export interface GraphParts {
  readonly nodes: OnnxNode[];
  readonly constants: OnnxTensor[];
}

/**
 * The inference of a trained model: features in, unscaled and in the order of the model, probabilities or values out. An
 * MLP takes rows of `inputs` features, a recurrent model for each row the `sequenceLength` rows that end with it.
 */
export function networkGraph({ model, weights, scales, isClassifier, metadata }: NetworkGraphOptions): OnnxGraph {
  const parts: GraphParts = { nodes: [], constants: [] };
  const tensors = new Map(
    parametersOf(model).map(({ name, shape, start, end }) => [
      name,
      { name, shape, values: weights.slice(start, end) },
    ]),
  );
  scaleFeatures(parts, scales);
  const dense = (from: string, layer: number, to: string): void => {
    for (const part of ['weight', 'bias']) {
      const tensor = tensors.get(`layers.${layer}.${part}`);
      if (tensor !== undefined) parts.constants.push(tensor);
    }
    const inputs = [from, `layers.${layer}.weight`, `layers.${layer}.bias`];
    parts.nodes.push({ operator: 'Gemm', inputs, outputs: [to], attributes: { transB: { integer: 1 } } });
  };
  const last = isClassifier ? 'scores' : 'outputs';
  if (model.kind === 'mlp') {
    let below = 'scaled';
    for (const layer of model.hiddenLayers.keys()) {
      dense(below, layer, `sums.${layer}`);
      const [inputs, outputs] = [[`sums.${layer}`], [`hidden.${layer}`]];
      parts.nodes.push({ ...activationOperator(model.activation), inputs, outputs });
      below = `hidden.${layer}`;
    }
    dense(below, model.hiddenLayers.length, last);
  } else {
    recurrentNodes(parts, model, tensors);
    dense('state', model.layers, last);
  }
  if (isClassifier) {
    parts.nodes.push({
      operator: 'Softmax',
      inputs: [last],
      outputs: ['outputs'],
      attributes: { axis: { integer: 1 } },
    });
  }
  const shape = model.kind === 'mlp' ? [model.inputs] : [model.sequenceLength, model.inputs];
  return {
    name: model.kind,
    ...parts,
    inputs: [{ name: 'features', type: 'float', shape: ['rows', ...shape] }],
    outputs: [{ name: 'outputs', type: 'float', shape: ['rows', model.outputs] }],
    metadata,
  };
}

/** In double precision, as the training does it: large prices leave little of a float's digits. */
function scaleFeatures({ nodes, constants }: GraphParts, scales: readonly FeatureScale[]): void {
  constants.push(
    { name: 'offset', shape: [scales.length], values: Float64Array.from(scales, ({ offset }) => offset) },
    { name: 'scale', shape: [scales.length], values: Float64Array.from(scales, ({ scale }) => scale) },
  );
  nodes.push(
    { operator: 'Cast', inputs: ['features'], outputs: ['exact'], attributes: { to: { integer: 11 } } },
    { operator: 'Sub', inputs: ['exact', 'offset'], outputs: ['shifted'] },
    { operator: 'Div', inputs: ['shifted', 'scale'], outputs: ['divided'] },
    { operator: 'Cast', inputs: ['divided'], outputs: ['scaled'], attributes: { to: { integer: 1 } } },
  );
}
