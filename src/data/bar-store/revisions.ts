import { join } from 'node:path';
import { z } from 'zod';
import { barCount, barsInRange, type Bars, type TimeRange } from '../../market/index.ts';
import { decodeBarRecord, encodeBarRecord } from './bar-record.ts';
import type { SeriesRevision } from './bar-segment.ts';
import { appendDurably, createDurably, readFileIfPresent } from './durable-file.ts';
import { revisionsName } from './file-names.ts';
import { answeredRangeSchema, type AnsweredRange } from './provenance.ts';
import { decodeRecords } from './records.ts';
import { damagedFile, type SeriesPlace } from './series-place.ts';

/** Bars as they were, about to be replaced. */
export interface OlderBars {
  readonly revision: number;
  readonly replacedAt: number;
  readonly bars: Bars;
  readonly replacedBy: readonly AnsweredRange[];
}

/**
 * Writes older values behind those that count already. They count themselves when the manifest says so.
 * @returns how much of the file counts then.
 * @throws KtrdrError `data_corrupt` when some of those that count are lost.
 */
export async function addRevision(place: SeriesPlace, { bars, ...about }: OlderBars, length: number): Promise<number> {
  const path = join(place.folder, revisionsName);
  const record = encodeBarRecord(about, bars);
  if (length === 0) {
    await createDurably(path, record);
  } else {
    requireLength(place, await readFileIfPresent(path), length);
    await appendDurably(path, record, { length });
  }
  return length + record.length;
}

/**
 * The revisions that count, oldest first, each with the bars of the range; one that has none there is left out.
 * @throws KtrdrError `data_corrupt` when some are lost.
 */
export async function readRevisions(
  place: SeriesPlace,
  { length, range }: { length: number; range?: TimeRange | undefined },
): Promise<SeriesRevision[]> {
  if (length === 0) return [];
  const bytes = requireLength(place, await readFileIfPresent(join(place.folder, revisionsName)), length);
  try {
    const { payloads, length: whole } = decodeRecords(bytes.subarray(0, length));
    if (whole < length) throw new Error(`the record at byte ${whole} does not match its checksum`);
    return payloads
      .map(decodeRevision)
      .map((one) => (range === undefined ? one : { ...one, bars: barsInRange(one.bars, range) }))
      .filter(({ bars }) => barCount(bars) > 0);
  } catch (error) {
    throw damagedFile(place, { name: revisionsName, cause: error });
  }
}

function requireLength(place: SeriesPlace, bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (bytes !== undefined && bytes.length >= length) return bytes;
  const problem = bytes === undefined ? 'it is missing' : `it has ${bytes.length} of its ${length} bytes`;
  throw damagedFile(place, { name: revisionsName, cause: new Error(problem) });
}

const revisionSchema = z.object({
  revision: z.number(),
  replacedAt: z.number(),
  replacedBy: z.array(answeredRangeSchema),
});

function decodeRevision(payload: Uint8Array): SeriesRevision {
  const { about, bars } = decodeBarRecord(payload);
  return { ...revisionSchema.parse(about), bars };
}
