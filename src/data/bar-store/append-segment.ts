import { inTurns, type CancellationToken } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import {
  barCount,
  barsFromRows,
  calendarOf,
  concatBars,
  departingDays,
  emptyBars,
  sliceBars,
  type BarRow,
  type Bars,
  type ReportedDay,
} from '../../market/index.ts';
import { canGrow, emptyLog, entryBytes, type LogEntry } from './bar-log.ts';
import { appendToLog } from './bar-log-file.ts';
import type { AppendOutcome, BarSegment } from './bar-segment.ts';
import { compareBarsInSteps, newOnlyInSteps, rowAt, type Comparison } from './compare-bars.ts';
import { requireSpace } from './disk-space.ts';
import { addToLedger, isCovered, type Ledger } from './ledger.ts';
import type { AnsweredRange } from './provenance.ts';
import { manifestVersion } from './manifest.ts';
import { saveSeries } from './save-series.ts';
import type { SeriesHead } from './series-head.ts';
import { lastStamp, unfinishedBar } from './series-info.ts';
import type { SeriesPlace } from './series-place.ts';
import { SeriesView } from './series-view.ts';
import { seriesName, type SeriesKey } from './series.ts';

/** A log that reaches one of these is saved with the files. */
export interface LogLimits {
  readonly bars: number;
  readonly bytes: number;
}

interface AppendContext {
  readonly segment: BarSegment;
  readonly head: SeriesHead | undefined;
  readonly readLedger: (head: SeriesHead) => Promise<Ledger>;
  readonly limits: LogLimits;
  readonly now: number;
  readonly token: CancellationToken;
}

/**
 * Adds a segment that has been checked: to the log when it only goes on where the series ends, and otherwise by a save.
 * @returns what it changed, and the head that the series has then.
 */
export async function appendSegment(
  place: SeriesPlace,
  { segment, head: found, readLedger, limits, now, token }: AppendContext,
): Promise<{ outcome: AppendOutcome; head: SeriesHead }> {
  const head = found ?? newHead(place.key, segment);
  requireCalendar(head, segment);
  const { finished, unfinished } = split(segment);
  const held = unfinishedBar(head);
  const beside = await barsBeside(place, head, finished);
  const compared = await settled(await inTurns(compareBarsInSteps(beside, finished), { token }), segment, place.key);
  const { hours: reported = [] } = segment;
  const known = segment.confirmedEmpty.length + reported.length === 0 ? undefined : await readLedger(head);
  const hours = known === undefined ? undefined : newHours(known, segment);
  const confirmedEmpty = segment.confirmedEmpty.filter(
    (range) =>
      range.start < range.end &&
      !isCovered(known?.confirmedEmpty ?? [], range) &&
      !head.log.confirmedEmpty.some(({ start, end }) => start <= range.start && range.end <= end),
  );
  const next = nextUnfinished({ head, compared, incoming: unfinished, held });
  const outcome = outcomeOf(compared);
  const isNews =
    barCount(compared.changed) > 0 ||
    confirmedEmpty.length > 0 ||
    !isSameRow(next, held) ||
    (found !== undefined && hours !== undefined);
  if (!isNews) return { outcome, head };

  const revision = head.manifest.revision + (barCount(compared.older) > 0 ? 1 : 0);
  const answers = (segment.provenance ?? []).filter(({ start, end }) => start < end);
  const provenance = answers.map((answer) => ({ ...answer, revision }));
  const entry: LogEntry = {
    at: now,
    bars: withRow(compared.changed, next === undefined || isSameRow(next, held) ? undefined : next),
    lastIsUnfinished: next !== undefined && !isSameRow(next, held),
    confirmedEmpty,
    provenance,
  };
  const { log } = head;
  if (found !== undefined && hours === undefined && canGrow(log) && fitsLog(head, { compared, entry, limits })) {
    await requireSpace(place.folder, entryBytes(entry));
    return { outcome, head: { ...head, log: await appendToLog(place, log, entry) } };
  }
  const ledger = await readLedger(head);
  const added = {
    confirmedEmpty: [...head.log.confirmedEmpty, ...confirmedEmpty],
    provenance: [...head.log.provenance, ...provenance],
  };
  const isSame =
    head.olderLedger === undefined &&
    hours === undefined &&
    added.confirmedEmpty.length + added.provenance.length === 0;
  const saved = await saveSeries(place, head, {
    bars: compared.changed,
    ledger: isSame ? undefined : { ...addToLedger(ledger, added), hours: hours ?? ledger.hours },
    unfinished: next,
    revision:
      barCount(compared.older) === 0
        ? undefined
        : {
            revision,
            replacedAt: now,
            bars: compared.older,
            replacedBy: answersFor(compared.older, segment),
          },
    updatedAt: now,
    token,
  });
  return { outcome, head: saved };
}

/** The days that depart from the calendar's rules from now on; undefined where they are those that are known. */
function newHours({ hours }: Ledger, { calendar, hours: reported = [] }: BarSegment): ReportedDay[] | undefined {
  const departing = departingDays(calendarOf(calendar), [...hours, ...reported]);
  return JSON.stringify(departing) === JSON.stringify(hours) ? undefined : departing;
}

function newHead({ symbol, timeframe }: SeriesKey, { calendar }: BarSegment): SeriesHead {
  const manifest = { version: manifestVersion, generation: 0, symbol, timeframe, calendar, updatedAt: 0 } as const;
  return {
    manifest: { ...manifest, files: {}, revision: 0, revisionBytes: 0 },
    isSaved: false,
    identity: undefined,
    log: emptyLog(0),
    hasLog: false,
    isLogLost: false,
    olderLedger: undefined,
  };
}

function requireCalendar({ manifest }: SeriesHead, { calendar }: BarSegment): void {
  if (manifest.calendar === calendar) return;
  throw new KtrdrError(
    'conflict',
    `${seriesName(manifest)} is stored with the calendar ${manifest.calendar}; bars of the calendar ${calendar} cannot be added. Remove the series first.`,
  );
}

function split({ bars, lastIsUnfinished = false }: BarSegment): { finished: Bars; unfinished: BarRow | undefined } {
  if (!lastIsUnfinished || barCount(bars) === 0) return { finished: bars, unfinished: undefined };
  return { finished: sliceBars(bars, 0, barCount(bars) - 1), unfinished: rowAt(bars, -1) };
}

/** A comparison after what the segment says of bars that are held with other values. */
async function settled(compared: Comparison, { whereHeld }: BarSegment, key: SeriesKey): Promise<Comparison> {
  const differing = barCount(compared.older);
  if (whereHeld === 'keep') return inTurns(newOnlyInSteps({ ...compared, unchanged: compared.unchanged + differing }));
  if (whereHeld !== 'refuse' || differing === 0) return compared;
  throw new KtrdrError(
    'conflict',
    `${differing} bars of ${seriesName(key)} are stored with other values than those to be added; nothing was changed.`,
    { details: { different: differing, first: compared.older.time[0] } },
  );
}

/** The bars held from the first to the last of some others. */
async function barsBeside(place: SeriesPlace, head: SeriesHead, { time }: Bars): Promise<Bars> {
  const [first, last] = [time[0], time.at(-1)];
  if (first === undefined || last === undefined || first > (lastStamp(head) ?? -Infinity)) return emptyBars;
  const range = { start: first, end: last + 1 };
  await using view = await SeriesView.open(place, range);
  return view === undefined ? emptyBars : await view.bars({ range });
}

/** What is unfinished from now on: the newer of both, unless a finished bar has overtaken it. */
function nextUnfinished({
  head,
  compared,
  incoming,
  held,
}: {
  head: SeriesHead;
  compared: Comparison;
  incoming: BarRow | undefined;
  held: BarRow | undefined;
}): BarRow | undefined {
  const last = Math.max(lastStamp(head) ?? -Infinity, compared.changed.time.at(-1) ?? -Infinity);
  const newest = incoming !== undefined && incoming.time >= (held?.time ?? -Infinity) ? incoming : held;
  return newest !== undefined && newest.time > last ? newest : undefined;
}

function isSameRow(a: BarRow | undefined, b: BarRow | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function outcomeOf({ added, unchanged, older, firstChanges }: Comparison): AppendOutcome {
  return { added, unchanged, revised: { count: barCount(older), first: firstChanges } };
}

/** The answers that brought the values of some bars. */
function answersFor({ time }: Bars, { provenance = [] }: BarSegment): AnsweredRange[] {
  const [first = Infinity, last = -Infinity] = [time[0], time.at(-1)];
  return provenance.filter(({ start, end }) => start <= last && first < end);
}

function withRow(bars: Bars, row: BarRow | undefined): Bars {
  return row === undefined ? bars : concatBars([bars, barsFromRows([row])]);
}

function fitsLog(
  head: SeriesHead,
  { compared, entry, limits }: { compared: Comparison; entry: LogEntry; limits: LogLimits },
): boolean {
  const { isSaved, log } = head;
  const isAtEnd =
    barCount(compared.older) === 0 && (compared.changed.time[0] ?? Infinity) > (lastStamp(head) ?? -Infinity);
  const count = barCount(log.bars) + barCount(compared.changed);
  return isSaved && isAtEnd && count < limits.bars && log.length + entryBytes(entry) <= limits.bytes;
}
