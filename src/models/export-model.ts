import { encodeOnnx, tensorsFromWeights, writeSafetensors } from '../nn/index.ts';
import type { StoredModel } from './model-record.ts';
import { networkGraph } from './onnx/network-graph.ts';

export const modelFormats = ['onnx', 'safetensors'] as const;

export type ModelFormat = (typeof modelFormats)[number];

/**
 * A model as one file for other programs. ONNX takes features, unscaled and in the order of `ktrdr.features`, to
 * probabilities or values; safetensors has the weights alone. What makes features from bars is told by the metadata of the
 * file, not computed by it.
 * @param weights in the layout of `Trainer.exportWeights`.
 */
export function exportModel(stored: StoredModel, weights: Float32Array, format: ModelFormat): Uint8Array {
  const { metadata: of, features } = stored;
  const metadata = metadataOf(stored);
  if (format === 'safetensors') return writeSafetensors({ tensors: tensorsFromWeights(of.model, weights), metadata });
  const scales = features.features.map(({ scale }) => scale);
  return encodeOnnx(networkGraph({ model: of.model, weights, scales, isClassifier: of.classes.length > 0, metadata }));
}

/** What a program that reads the file needs, and where the model comes from. */
function metadataOf({ name, version, metadata, features, strategySha256 }: StoredModel): Record<string, string> {
  const { model, objective, classes, strategyName, weightsSha256, dataFingerprint, ktrdrVersion } = metadata;
  const scales = features.features.map(({ scale: { offset, scale } }) => [offset, scale]);
  return {
    'ktrdr.model': `${name} ${version}`,
    'ktrdr.strategy': strategyName,
    'ktrdr.version': ktrdrVersion,
    'ktrdr.network': JSON.stringify(model),
    'ktrdr.objective': objective.kind,
    'ktrdr.classes': JSON.stringify(classes),
    'ktrdr.base_timeframe': features.baseTimeframe,
    'ktrdr.features': JSON.stringify(features.features.map(({ id }) => id)),
    'ktrdr.scales': JSON.stringify(scales),
    'ktrdr.indicators': JSON.stringify(features.indicators),
    'ktrdr.weights_sha256': weightsSha256,
    'ktrdr.strategy_sha256': strategySha256,
    'ktrdr.data_fingerprint': dataFingerprint,
  };
}
