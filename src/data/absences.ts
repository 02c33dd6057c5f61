import {
  cellsBefore,
  classifySpan,
  endOfRun,
  partOfRun,
  type BarRun,
  type TimeRange,
  type Timeframe,
  type TradingCalendar,
} from '../market/index.ts';
import type { Stretch } from './stretches.ts';

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
  readonly calendar: TradingCalendar;
  readonly timeframe: Timeframe;
  readonly range: TimeRange;
  /** What there is of the bars that the calendar expects in the range, oldest first. */
  readonly stretches: readonly Stretch[];
  /** Bars that start there or later are not finished. */
  readonly finalBefore: number;
  /** Also where the market is closed; a run of missing bars then ends at each closure. */
  readonly all: boolean;
}

/** Every expected bar that is not there, as runs of one kind, oldest first; exact to one bar. */
export function absencesOf(input: AbsencesInput): Absence[] {
  const { stretches, finalBefore, all } = input;
  const absences: { -readonly [key in keyof Absence]: Absence[key] }[] = [];
  let open: (typeof absences)[number] | undefined;
  for (const stretch of stretches) {
    if (stretch.state === 'present') open = undefined;
    for (const { kind, run } of kindsOf(stretch, finalBefore)) {
      const [start, end] = [run.cellStart, endOfRun(run)];
      if (open?.kind === kind && (!all || open.end === start)) {
        open.end = end;
        open.bars += run.count;
      } else {
        open = { kind, start, end, bars: run.count };
        absences.push(open);
      }
    }
  }
  return all ? [...absences, ...closures(input)].sort((a, b) => a.start - b.start) : absences;
}

/** Why a stretch has no bars, in parts of one reason each; none when it has them. */
function kindsOf(stretch: Stretch, finalBefore: number): { kind: AbsenceKind; run: BarRun }[] {
  switch (stretch.state) {
    case 'present':
      return [];
    case 'confirmed_empty':
      return [{ kind: 'confirmed_empty', run: stretch }];
    case 'missing': {
      const final = cellsBefore(stretch, finalBefore);
      const parts = [
        { kind: 'missing', run: partOfRun(stretch, 0, final) },
        { kind: 'unfinished', run: partOfRun(stretch, final, stretch.count) },
      ] as const;
      return parts.filter(({ run }) => run.count > 0);
    }
    default:
      return stretch.state satisfies never;
  }
}

function closures({ calendar, timeframe, range }: AbsencesInput): Absence[] {
  return classifySpan(calendar, timeframe, range).flatMap(({ kind, ...piece }) =>
    kind === 'session' ? [] : [{ ...piece, kind, bars: 0 }],
  );
}
