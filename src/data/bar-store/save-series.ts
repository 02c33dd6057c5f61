import { dirname, join } from 'node:path';
import { CancellationToken, inTurns } from '../../async/index.ts';
import { sha256Of } from '../../base/index.ts';
import {
  barCount,
  barsInRange,
  concatBars,
  digestYearsInSteps,
  emptyBars,
  indexAtOrAfter,
  mergeBarsInSteps,
  sliceBars,
  type BarRow,
  type Bars,
  type TimeRange,
  type Timeframe,
} from '../../market/index.ts';
import { emptyLog, type BarLog } from './bar-log.ts';
import { createLog } from './bar-log-file.ts';
import { requireSpace } from './disk-space.ts';
import {
  makeFolder,
  placeFile,
  readFolder,
  removeEmptyFolder,
  removeFile,
  sweepFiles,
  syncNames,
} from './durable-file.ts';
import { encodeBarFile } from './encode-bar-file.ts';
import { barFileName, generationOf, isOfGeneration, ledgerName, logName, revisionsName } from './file-names.ts';
import { encodeLedger, type Ledger } from './ledger.ts';
import {
  holdsNothing,
  manifestVersion,
  removeManifest,
  writeManifest,
  type FileSummary,
  type Manifest,
} from './manifest.ts';
import { addRevision, type OlderBars } from './revisions.ts';
import { manifestIdentity, type SeriesHead } from './series-head.ts';
import { isWithin, withFile } from './series-view.ts';
import type { SeriesPlace } from './series-place.ts';
import { parseSpan, spanOf, type Span } from './series.ts';

export interface SeriesChange {
  /** Finished bars, which win over those held. The log's are not among them; they are always saved. */
  readonly bars: Bars;
  /** Whose bars are cut out first. */
  readonly removed?: TimeRange;
  /** What is known from now on; undefined where that is what was known. */
  readonly ledger: Ledger | undefined;
  readonly unfinished: BarRow | undefined;
  readonly revision: OlderBars | undefined;
  readonly updatedAt: number;
  /** A cancel ends the save as long as nothing of it counts. */
  readonly token?: CancellationToken;
}

/**
 * Writes the next generation of a series: the log and a change go into new bar files beside the old ones, then the
 * manifest is replaced. Up to there nothing of it counts, from there on all of it; what is superseded goes last.
 */
export async function saveSeries(place: SeriesPlace, head: SeriesHead, change: SeriesChange): Promise<SeriesHead> {
  const { manifest: before } = head;
  const spans = touchedSpans(head, change);
  const ledger = change.ledger === undefined ? undefined : await encodeLedger(change.ledger);
  await makeFolder(place.folder);
  await requireSpace(place.folder, bytesNeeded(before, { spans, change, ledger }));
  // Files without a manifest are taken for a series that lost its own: it has to be there before the first of them.
  if (isNew(head)) await writeManifest(place.folder, before);

  const { manifest, log } = await writeFiles(place, { before, spans, change, ledger }).catch(async (error: unknown) => {
    await clearAway(place, head).catch(() => undefined);
    throw error;
  });
  await writeManifest(place.folder, manifest);
  await sweepFiles(place.folder, [
    ...superseded(before, manifest),
    ...(head.hasLog ? [logName(head.log.generation)] : []),
  ]);
  return {
    manifest,
    isSaved: true,
    identity: await manifestIdentity(place),
    log,
    hasLog: manifest.log !== undefined,
    isLogLost: false,
    olderLedger: undefined,
  };
}

/** Writes what the next manifest names, beside what this one does. */
async function writeFiles(
  place: SeriesPlace,
  { before, spans, change, ledger }: FilesToWrite,
): Promise<{ manifest: Manifest; log: BarLog }> {
  const { token = CancellationToken.none } = change;
  const generation = before.generation + 1;
  const files = { ...before.files };
  for (const { span, added } of spans) {
    let merged = await keptBars(place, before.files[span.id], change.removed);
    for (const bars of added) merged = await inTurns(mergeBarsInSteps(merged, bars), { token });
    delete files[span.id];
    if (barCount(merged) > 0) files[span.id] = await writeBarFile(place, { before, span, bars: merged, token });
  }
  const { ledger: heldLedger, unfinished: _, log: __, ...rest } = before;
  const manifest: Manifest = { ...rest, version: manifestVersion, generation, files, updatedAt: change.updatedAt };
  if (change.unfinished !== undefined) manifest.unfinished = storedRow(change.unfinished);
  if (ledger === undefined && heldLedger !== undefined) manifest.ledger = heldLedger;
  if (ledger !== undefined && knowsAnything(change.ledger)) {
    manifest.ledger = { name: ledgerName(generation), sha256: sha256Of(ledger) };
    await placeFile(join(place.folder, manifest.ledger.name), ledger);
  }
  if (change.revision !== undefined) {
    manifest.revision = change.revision.revision;
    manifest.revisionBytes = await addRevision(place, change.revision, before.revisionBytes);
  }
  let log = emptyLog(generation);
  if (!holdsNothing(manifest)) {
    log = await createLog(place, { calendar: before.calendar, generation });
    manifest.log = logName(generation);
  }
  // Their names have to be there before the manifest's is.
  await syncNames(place.folder);
  token.throwIfCancelled();
  return { manifest, log };
}

/** What a save that came to nothing has written, which may be most of a disk. */
async function clearAway(place: SeriesPlace, head: SeriesHead): Promise<void> {
  const { folder, key } = place;
  const next = head.manifest.generation + 1;
  const names = await readFolder(folder);
  await sweepFiles(
    folder,
    names.filter((name) => generationOf(key.timeframe, name) === next),
  );
  if (isNew(head)) await forgetSeries(place);
}

/** Forgets a series of which nothing is left. Its manifest, which says so, goes last: without it old files would count. */
export async function forgetSeries({ folder, key }: SeriesPlace): Promise<void> {
  await removeFile(join(folder, revisionsName));
  if ((await readFolder(folder)).some((name) => isOfGeneration(key.timeframe, name))) return;
  await removeManifest(folder);
  await removeEmptyFolder(folder);
  await removeEmptyFolder(dirname(folder));
}

/** True for a series of which nothing is on the disk yet, not even files whose manifest is lost. */
function isNew({ manifest, identity, hasLog }: SeriesHead): boolean {
  return identity === undefined && !hasLog && holdsNothing(manifest);
}

interface FilesToWrite {
  readonly before: Manifest;
  readonly spans: readonly SpanChange[];
  readonly change: SeriesChange;
  readonly ledger: Uint8Array | undefined;
}

interface SpanChange {
  readonly span: Span;
  /** Added to what the span holds, one after the other. */
  readonly added: readonly Bars[];
}

/** Cuts what is to be saved into the parts that belong to one file each, oldest first. */
function touchedSpans({ manifest, log }: SeriesHead, { bars, removed }: SeriesChange): SpanChange[] {
  const { timeframe, files } = manifest;
  const kept = removed === undefined ? log.bars : without(log.bars, removed);
  const spans = new Map<string, { span: Span; added: Bars[] }>();
  for (const id of Object.keys(files)) {
    const span = parseSpan(timeframe, id);
    if (span !== undefined && removed !== undefined && span.range.start < removed.end && removed.start < span.range.end)
      spans.set(id, { span, added: [] });
  }
  for (const part of [...partsOf(timeframe, kept), ...partsOf(timeframe, bars)]) {
    const change = spans.get(part.span.id) ?? { span: part.span, added: [] };
    change.added.push(part.bars);
    spans.set(part.span.id, change);
  }
  return [...spans.values()].sort((a, b) => a.span.range.start - b.span.range.start);
}

/** Bars by the files that they belong to: views on the same memory. */
function partsOf(timeframe: Timeframe, bars: Bars): { span: Span; bars: Bars }[] {
  const parts: { span: Span; bars: Bars }[] = [];
  for (let from = 0; from < barCount(bars);) {
    const span = spanOf(timeframe, bars.time[from] ?? 0);
    const to = indexAtOrAfter(bars.time, span.range.end);
    parts.push({ span, bars: sliceBars(bars, from, to) });
    from = to;
  }
  return parts;
}

/** What a file holds outside a range. One of which nothing is kept need not be readable. */
async function keptBars(
  place: SeriesPlace,
  summary: FileSummary | undefined,
  removed: TimeRange | undefined,
): Promise<Bars> {
  if (summary === undefined || (removed !== undefined && isWithin(summary, removed))) return emptyBars;
  const held = await withFile(place, summary, (file) => file.bars());
  return removed === undefined ? held : without(held, removed);
}

/** Bars outside a range. */
function without(bars: Bars, { start, end }: TimeRange): Bars {
  return concatBars([
    barsInRange(bars, { start: -Infinity, end: start }),
    barsInRange(bars, { start: Math.max(start, end), end: Infinity }),
  ]);
}

/** Six doubles a bar, and for each file a page's headers and a footer. */
const sizes = { bar: 49, file: 16_384 };

function bytesNeeded(
  { files }: Manifest,
  { spans, change, ledger }: { spans: readonly SpanChange[]; change: SeriesChange; ledger: Uint8Array | undefined },
): number {
  const saved = spans.reduce((sum, { span, added }) => {
    const count = added.reduce((bars, part) => bars + barCount(part), files[span.id]?.count ?? 0);
    return sum + count * sizes.bar + sizes.file;
  }, 0);
  const older = change.revision === undefined ? 0 : barCount(change.revision.bars) * sizes.bar;
  return saved + older + (ledger?.length ?? 0) + sizes.file;
}

async function writeBarFile(
  { folder, key }: SeriesPlace,
  { before, span, bars, token }: { before: Manifest; span: Span; bars: Bars; token: CancellationToken },
): Promise<FileSummary> {
  const name = barFileName(span, before.generation + 1);
  const { symbol, timeframe } = key;
  const label = { symbol, timeframe, calendar: before.calendar, name };
  const { parts, seal } = await inTurns(encodeBarFile(bars, label), { token });
  await placeFile(join(folder, name), parts);
  const [first = Number.NaN, last = Number.NaN] = [bars.time[0], bars.time.at(-1)];
  return { name, count: barCount(bars), first, last, seal, years: await inTurns(digestYearsInSteps(bars), { token }) };
}

function storedRow(row: BarRow): NonNullable<Manifest['unfinished']> {
  return { ...row, volume: Number.isNaN(row.volume) ? null : row.volume };
}

function knowsAnything(ledger: Ledger | undefined): boolean {
  return ledger !== undefined && Object.values(ledger).some((list: readonly unknown[]) => list.length > 0);
}

function superseded(before: Manifest, after: Manifest): string[] {
  const names = ({ files, ledger }: Manifest): string[] => [
    ...Object.values(files).map(({ name }) => name),
    ...(ledger === undefined ? [] : [ledger.name]),
  ];
  const kept = new Set(names(after));
  return names(before).filter((name) => !kept.has(name));
}
