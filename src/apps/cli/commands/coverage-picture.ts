import type { CoveragePeriod, PeriodKind } from '../../../data/index.ts';
import { formatCount, formatPercent } from '../format.ts';
import { colours } from '../terminal.ts';

const labelWidth = 9;
const tailWidth = 27;

/**
 * A picture of what is stored: a row for each year with a cell for each month, or a row for each month with a cell for
 * each day, under a scale. A bar that is known not to exist counts as there; where none is expected the cell stays blank. The words at
 * the end of a row give way where they do not fit into `columns`.
 */
export function coveragePicture(
  periods: readonly CoveragePeriod[],
  { by, columns }: { by: PeriodKind; columns: number },
): string {
  const cellsInRow = by === 'month' ? 12 : 31;
  const room = columns - labelWidth - tailWidth;
  const cellWidth = Math.max(1, Math.min(by === 'month' ? 4 : 2, Math.floor(room / cellsInRow)));
  const hasTail = room >= cellsInRow;
  const rows = [...rowsOf(periods, by)].map(([label, row]) => {
    const cells = Array.from({ length: cellsInRow }, (_, place) => cellOf(row.get(place), cellWidth));
    return `${label.padEnd(labelWidth)}${cells.join('')}${hasTail ? `  ${tailOf([...row.values()])}` : ''}`.trimEnd();
  });
  return [`${' '.repeat(labelWidth)}${scale(by, cellWidth)}`, ...rows].join('\n');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What the cells of a row stand for. */
function scale(by: PeriodKind, cellWidth: number): string {
  if (by === 'day')
    return [1, 5, 10, 15, 20, 25, 30].reduce((line, day) => line.padEnd((day - 1) * cellWidth) + day, '');
  const letters = cellWidth > 3 ? 3 : 1;
  return months
    .map((month) => month.slice(0, letters).padEnd(cellWidth))
    .join('')
    .trimEnd();
}

/** From all to none of the expected bars. */
const shades = [
  { least: 1, sign: '\u2588', word: 'all', paint: colours.green },
  { least: 0.75, sign: '\u2593', word: 'most', paint: colours.yellow },
  { least: 0.25, sign: '\u2592', word: 'half', paint: colours.yellow },
  { least: Number.MIN_VALUE, sign: '\u2591', word: 'few', paint: colours.yellow },
  { least: 0, sign: '\u00B7', word: 'none', paint: colours.red },
] as const;

export const pictureLegend = shades.map(({ sign, word }) => `${sign} ${word}`).join('  ');

/** By the name of the row, the periods by their place in it. */
function rowsOf(periods: readonly CoveragePeriod[], by: PeriodKind): Map<string, Map<number, CoveragePeriod>> {
  const rows = new Map<string, Map<number, CoveragePeriod>>();
  for (const period of periods) {
    const date = new Date(period.start);
    const label = date.toISOString().slice(0, by === 'month' ? 4 : 7);
    const row = rows.get(label) ?? new Map<number, CoveragePeriod>();
    rows.set(label, row.set(by === 'month' ? date.getUTCMonth() : date.getUTCDate() - 1, period));
  }
  return rows;
}

function cellOf(period: CoveragePeriod | undefined, width: number): string {
  if (period === undefined) return ' '.repeat(width);
  const share = accountedFor([period]);
  const { sign, paint } = shades.find(({ least }) => share >= least) ?? shades[4];
  return paint(sign.repeat(width));
}

function tailOf(periods: readonly CoveragePeriod[]): string {
  const missing = periods.reduce(
    (sum, { expected, present, confirmedEmpty }) => sum + expected - present - confirmedEmpty,
    0,
  );
  // Rounding must not call complete what is not.
  const share = formatPercent(Math.floor(accountedFor(periods) * 1_000) / 1_000).padStart(7);
  return missing === 0 ? share : `${share}  ${formatCount(missing)} missing`;
}

function accountedFor(periods: readonly CoveragePeriod[]): number {
  const expected = periods.reduce((sum, period) => sum + period.expected, 0);
  return periods.reduce((sum, { present, confirmedEmpty }) => sum + present + confirmedEmpty, 0) / expected;
}
