import { areClassMetrics, type PartMetrics, type PartsMetrics } from '../../../models/index.ts';
import { formatCount, formatPercent } from '../format.ts';
import { table } from '../terminal.ts';

interface MeasuredParts {
  readonly metrics: PartsMetrics;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
}

/** How good a model is on each part that has rows. */
export function partsTable({ metrics, rows }: MeasuredParts): string {
  const lines = (['train', 'validation', 'test'] as const).flatMap((name) => {
    const part = metrics[name];
    if (part === undefined) return [];
    const others = areClassMetrics(part)
      ? [part.precision, part.recall, part.f1].map((value) => value.toFixed(3))
      : [part.meanAbsoluteError, part.rootMeanSquareError, part.r2].map((value) => value.toPrecision(3));
    const loss = areClassMetrics(part) ? part.loss.toFixed(4) : part.loss.toPrecision(3);
    return [[name, formatCount(rows[name]), loss, formatPercent(hitRate(part)), ...others]];
  });
  return table(
    areClassMetrics(metrics.train)
      ? ['part', '>rows', '>loss', '>accuracy', '>precision', '>recall', '>f1']
      : ['part', '>rows', '>loss', '>direction', '>mean error', '>rms error', '>R2'],
    lines,
  );
}

/** How often the model is right: about the class, or about the sign of the value. */
function hitRate(part: PartMetrics): number {
  return areClassMetrics(part) ? part.accuracy : part.directionalAccuracy;
}
