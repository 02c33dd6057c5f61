import type { Absence, AbsenceKind } from '../../../data/index.ts';
import { dayMs, type Timeframe } from '../../../market/index.ts';
import { getCoverage, getGaps, getRange } from '../../data-endpoints.ts';
import { withApi } from '../api-client.ts';
import { coveragePicture, pictureLegend } from './coverage-picture.ts';
import { formatCount, formatCounted, formatPercent, formatStamp } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

export interface GapsOptions {
  timeframe: Timeframe;
  start?: number;
  end?: number;
  all?: boolean;
  json?: boolean;
}

/** In people's words. */
const kindWords: Readonly<Record<AbsenceKind, string>> = {
  missing: 'missing',
  confirmed_empty: 'the source has none',
  unfinished: 'not finished yet',
  outside_hours: 'outside the hours',
  early_close: 'closed early',
  weekend: 'weekend',
  holiday: 'holiday',
  closure: 'closed',
};

/** Every span without a bar; without `--all` only what the calendar expects and nobody can explain. */
export async function gaps({ settings, token }: CommandContext, symbol: string, options: GapsOptions): Promise<void> {
  checkSpan(options);
  const { timeframe, all = false, json = false, ...span } = options;
  const query = { symbol, timeframe, ...span, all: all ? 'true' : 'false' } as const;
  const { found, totals, stored } = await withApi(settings, async (client) => {
    const stored = await client.call(getRange, { query: { symbol, timeframe } }, token);
    const found: Absence[] = [];
    for (let from: number | undefined; ;) {
      const page = await client.call(getGaps, { query: { ...query, from } }, token);
      found.push(...page.gaps);
      if (page.next === undefined) return { found, totals: page.totals, stored };
      from = page.next;
    }
  });
  const shown = all ? found : found.filter(({ kind }) => kind === 'missing');
  if (json) {
    printJson('ktrdr.data.gaps/1', { symbol: stored.symbol, timeframe, gaps: shown, totals });
    return;
  }
  if (shown.length > 0) {
    const rows = shown.map(({ kind, name, start, end, bars }) => [
      formatStamp(start, timeframe),
      formatStamp(end, timeframe),
      bars === 0 ? '-' : formatCount(bars),
      name === undefined ? kindWords[kind] : `${kindWords[kind]}: ${name}`,
    ]);
    terminal.print(table(['from (UTC)', 'to', '>bars', 'why'], rows));
    terminal.print();
  }
  // What lies beyond the stored bars is looked at where it is asked for alone, so the answer tells its span.
  const [from, to] = [span.start ?? stored.first, span.end ?? stored.last];
  const within =
    from === undefined || to === undefined ? '' : ` (${formatStamp(from, timeframe)} to ${formatStamp(to, timeframe)})`;
  terminal.print(`${stored.symbol} ${timeframe}: ${totalsWords(totals)}${within}`);
}

function totalsWords(totals: Partial<Record<AbsenceKind, { gaps: number; bars: number }>>): string {
  const { missing, confirmed_empty: empty, unfinished } = totals;
  const words =
    missing === undefined
      ? ['no bar is missing']
      : [colours.yellow(`${formatCounted(missing.bars, 'bar')} missing in ${formatCounted(missing.gaps, 'gap')}`)];
  if (empty !== undefined) words.push(`${formatCount(empty.bars)} that the source does not have`);
  if (unfinished !== undefined) words.push(`${formatCount(unfinished.bars)} not finished yet`);
  return words.join(', ');
}

export interface CoverageOptions {
  timeframe: Timeframe;
  start?: number;
  end?: number;
  json?: boolean;
}

/** Spans longer than this are drawn by years and months. */
const longestByDays = 3 * 366 * dayMs;

export async function coverage(
  { settings, token }: CommandContext,
  symbol: string,
  options: CoverageOptions,
): Promise<void> {
  checkSpan(options);
  const { timeframe, json = false, ...span } = options;
  const query = { symbol, timeframe, ...span };
  const { by, answer } = await withApi(settings, async (client) => {
    const byMonth = await client.call(getCoverage, { query: { ...query, by: 'month' } }, token);
    const [first = { start: 0 }, last = { start: 0 }] = [byMonth.periods?.at(0), byMonth.periods?.at(-1)];
    const isLong = last.start - first.start > longestByDays || timeframe === '1w' || timeframe === '1M';
    if (isLong) return { by: 'month', answer: byMonth } as const;
    return { by: 'day', answer: await client.call(getCoverage, { query: { ...query, by: 'day' } }, token) } as const;
  });
  if (json) {
    printJson('ktrdr.data.coverage/1', { timeframe, by, ...answer });
    return;
  }
  const { expected, present, confirmedEmpty, missing, periods = [] } = answer;
  terminal.print(coveragePicture(periods, { by, columns: process.stdout.columns || 80 }));
  terminal.print();
  terminal.print(pictureLegend);
  const share = expected === 0 ? 1 : Math.floor(((expected - missing) / expected) * 1_000) / 1_000;
  terminal.print(
    `${answer.symbol} ${timeframe}: ${formatCounted(expected, 'bar')} expected, ${formatCount(present)} present, ${formatCount(confirmedEmpty)} confirmed not to exist, ${formatCount(missing)} missing (${formatPercent(share)} accounted for)`,
  );
}
