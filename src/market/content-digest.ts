import { createHash } from 'node:crypto';
import { allAtOnce, type Steps } from '../base/index.ts';
import { barColumns, barCount, barsPerStep, indexAtOrAfter, type Bars } from './bars.ts';

/** SHA-256 of the bars of each UTC year that has any. */
export type YearDigests = Readonly<Record<string, string>>;

/**
 * The years of bars with a digest each: of the columns one after the other, as little-endian doubles. It depends on the
 * values alone; zeros have no sign, and there is one NaN.
 */
export function digestYears(bars: Bars): YearDigests {
  return allAtOnce(digestYearsInSteps(bars));
}

export function* digestYearsInSteps(bars: Bars): Steps<YearDigests> {
  const digests: Record<string, string> = {};
  for (let from = 0; from < barCount(bars);) {
    const year = new Date(bars.time[from] ?? 0).getUTCFullYear();
    const to = indexAtOrAfter(bars.time, Date.UTC(year + 1, 0, 1));
    const hash = createHash('sha256');
    for (const name of barColumns) {
      for (let at = from; at < to; at += barsPerStep) {
        hash.update(plainBytes(bars[name].subarray(at, Math.min(at + barsPerStep, to))));
        yield;
      }
    }
    digests[year] = hash.digest('hex');
    from = to;
  }
  return digests;
}

/** One digest of all years, whatever files they lie in. */
export function combineYears(years: YearDigests): string {
  const hash = createHash('sha256').update('ktrdr bars 1\n');
  for (const year of Object.keys(years).sort()) hash.update(`${year} ${years[year] ?? ''}\n`);
  return hash.digest('hex');
}

/** Upper half of the one quiet NaN. */
const quietNaN = 0x7ff80000;

function plainBytes(values: Float64Array): Uint8Array {
  const plain = new Float64Array(values.length);
  const halves = new Uint32Array(plain.buffer);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    plain[index] = value + 0;
    if (Number.isNaN(value)) {
      halves[2 * index] = 0;
      halves[2 * index + 1] = quietNaN;
    }
  }
  return new Uint8Array(plain.buffer);
}
