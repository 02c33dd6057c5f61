import {
  calendarOf,
  classifySpan,
  type BarCells,
  type CalendarId,
  type TimeRange,
  type Timeframe,
} from '../market/index.ts';

/**
 * Why there is no bar. `missing`: the calendar expects one and nobody knows of a reason. `confirmed_empty`: the source
 * has said that there is none. `unfinished`: it is still being formed, or lies in the future. All others: the market is
 * closed.
 */
export const absenceKinds = [
  'missing',
  'confirmed_empty',
  'unfinished',
  'outside_hours',
  'early_close',
  'weekend',
  'holiday',
  'closure',
] as const;
export type AbsenceKind = (typeof absenceKinds)[number];

/** A span without a bar, `[start, end)`, from the edge of a cell to the edge of one. */
export interface Absence extends TimeRange {
  readonly kind: AbsenceKind;
  /** What the market calls the day, for example `Thanksgiving Day`. */
  readonly name?: string;
  /** How many bars are expected there: none where the market is closed. */
  readonly bars: number;
}

interface AbsencesInput {
  readonly calendar: CalendarId;
  readonly timeframe: Timeframe;
  readonly range: TimeRange;
  /** What the calendar expects in the range, oldest first. */
  readonly cells: BarCells;
  /** Stamps of the bars there are, rising. */
  readonly present: Float64Array;
  readonly confirmedEmpty: readonly TimeRange[];
  /** Bars that start there or later are not finished. */
  readonly finalBefore: number;
  /** Also where the market is closed; a run of missing bars then ends at each closure. */
  readonly all: boolean;
}

/** Every expected bar that is not there, as runs of one kind, oldest first; exact to one bar. */
export function absencesOf(input: AbsencesInput): Absence[] {
  const { cells, all } = input;
  const kindAt = kindOfCells(input);
  const runs: { -readonly [key in keyof Absence]: Absence[key] }[] = [];
  let open: (typeof runs)[number] | undefined;
  for (let index = 0; index < cells.start.length; index += 1) {
    const kind = kindAt(index);
    const [start, end] = [cells.cellStart[index] ?? Number.NaN, cells.cellEnd[index] ?? Number.NaN];
    if (kind === undefined) {
      open = undefined;
    } else if (open?.kind === kind && (!all || open.end === start)) {
      open.end = end;
      open.bars += 1;
    } else {
      open = { kind, start, end, bars: 1 };
      runs.push(open);
    }
  }
  return all ? [...runs, ...closures(input)].sort((a, b) => a.start - b.start) : runs;
}

/** Of each cell, asked in order, why it has no bar; undefined when it has one. */
function kindOfCells({
  cells,
  present,
  confirmedEmpty,
  finalBefore,
}: AbsencesInput): (index: number) => AbsenceKind | undefined {
  let nextStamp = 0;
  let nextEmpty = 0;
  return (index) => {
    const [start, end] = [cells.cellStart[index] ?? Number.NaN, cells.cellEnd[index] ?? Number.NaN];
    while ((present[nextStamp] ?? Infinity) < start) nextStamp += 1;
    while ((confirmedEmpty[nextEmpty]?.end ?? Infinity) <= start) nextEmpty += 1;
    if ((present[nextStamp] ?? Infinity) < end) return undefined;
    if ((confirmedEmpty[nextEmpty]?.start ?? Infinity) <= start) return 'confirmed_empty';
    return (cells.start[index] ?? Number.NaN) >= finalBefore ? 'unfinished' : 'missing';
  };
}

function closures({ calendar, timeframe, range }: AbsencesInput): Absence[] {
  return classifySpan(calendarOf(calendar), timeframe, range).flatMap(({ kind, ...piece }) =>
    kind === 'session' ? [] : [{ ...piece, kind, bars: 0 }],
  );
}
