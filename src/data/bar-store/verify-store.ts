import { join, relative } from 'node:path';
import type { CancellationToken } from '../../async/index.ts';
import { manifestName } from './file-names.ts';
import { readKey } from './series-head.ts';
import { placeOf, seriesFolders, type SeriesPlace } from './series-place.ts';
import { seriesName, type SeriesKey } from './series.ts';
import { issueOf, verifySeries, type SeriesCheck, type SeriesIssue } from './verify-series.ts';

/** What a check of the store found. */
export interface StoreReport {
  readonly series: number;
  readonly files: number;
  readonly bars: number;
  readonly issues: readonly StoreIssue[];
}

export interface StoreIssue {
  readonly severity: SeriesIssue['severity'];
  /** Of the file, from the root of the store. */
  readonly path: string;
  /** The series, where it could be made out. */
  readonly key?: SeriesKey;
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface VerifyOptions {
  /** All series when there is none. */
  readonly key: SeriesKey | undefined;
  readonly token: CancellationToken;
  /** Does something while no writer of this process is at work in a folder. */
  readonly alone: (folder: string, act: () => Promise<SeriesCheck>) => Promise<SeriesCheck>;
}

export async function verifyStore(root: string, { key, token, alone }: VerifyOptions): Promise<StoreReport> {
  const issues: StoreIssue[] = [];
  const places = key === undefined ? await allPlaces(root, issues) : [placeOf(root, key)];
  const total = { series: 0, files: 0, bars: 0 };
  for (const place of places) {
    token.throwIfCancelled(`the check of ${seriesName(place.key)}`);
    const check = await alone(place.folder, () => verifySeries(place));
    total.series += check.files + check.issues.length + check.bars > 0 ? 1 : 0;
    total.files += check.files;
    total.bars += check.bars;
    for (const { file, ...issue } of check.issues)
      issues.push({ ...issue, path: relative(root, join(place.folder, file)), key: place.key });
  }
  return { ...total, issues };
}

/** Every folder of the store that holds a series. */
async function allPlaces(root: string, issues: StoreIssue[]): Promise<SeriesPlace[]> {
  const places: SeriesPlace[] = [];
  for (const { folder, timeframe } of await seriesFolders(root)) {
    const path = relative(root, join(folder, manifestName));
    try {
      const key = await readKey(folder, timeframe);
      if (key === undefined) continue;
      const place = placeOf(root, key);
      if (place.folder === folder) {
        places.push(place);
        continue;
      }
      const remedy = `Move its folder to ${relative(root, place.folder)}, or away.`;
      issues.push({ severity: 'damage', path, key, problem: `${seriesName(key)} has its place elsewhere`, remedy });
    } catch (error) {
      const { file, problem, ...issue } = issueOf(error, undefined, manifestName);
      const inStore = { path: relative(root, join(folder, file)), problem: problem.replaceAll(`${root}/`, '') };
      issues.push({ ...issue, ...inStore });
    }
  }
  return places;
}
