import type { StoredModel } from './model-record.ts';
import { networkGraph } from './onnx/network-graph.ts';
import { encodeOnnx } from './onnx/onnx-graph.ts';

/**
 * A model as an ONNX file: features, unscaled and in the order of `ktrdr.features`, to probabilities or values. What
 * makes features from bars is told by the metadata, not computed by the file.
 */
export function exportOnnx({ name, version, metadata, features }: StoredModel, weights: Float32Array): Uint8Array {
  const { model, objective, classes, strategyName, weightsSha256, dataFingerprint, files, ktrdrVersion } = metadata;
  const graph = networkGraph({
    model,
    weights,
    scales: features.features.map(({ scale }) => scale),
    isClassifier: classes.length > 0,
    metadata: {
      'ktrdr.model': `${name} ${version}`,
      'ktrdr.strategy': strategyName,
      'ktrdr.version': ktrdrVersion,
      'ktrdr.objective': objective.kind,
      'ktrdr.base_timeframe': features.baseTimeframe,
      'ktrdr.features': JSON.stringify(features.features.map(({ id }) => id)),
      'ktrdr.classes': JSON.stringify(classes),
      'ktrdr.indicators': JSON.stringify(features.indicators),
      'ktrdr.weights_sha256': weightsSha256,
      'ktrdr.strategy_sha256': files['strategy.yaml'] ?? '',
      'ktrdr.data_fingerprint': dataFingerprint,
    },
  });
  return encodeOnnx(graph);
}
