import { seriesToLoad } from '../../../data/index.ts';
import { postPlan } from '../../data-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatBytes, formatCount, formatCounted, formatDuration, formatStamp } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { printJson, table, terminal } from '../terminal.ts';
import { spanOf, type LoadOptions } from './data.ts';

/** What a load would ask for, series by series and together. */
export async function plan(
  { settings, token }: CommandContext,
  symbols: string[],
  options: LoadOptions,
): Promise<void> {
  checkSpan(options);
  const { timeframe: timeframes, mode, json = false, ndjson = false } = options;
  const loads = seriesToLoad({ symbols, timeframes, mode, ...spanOf(options) });
  const plans = await withApi(settings, (client) =>
    Promise.all(
      loads.map(async (body) => ({
        timeframe: body.timeframe,
        ...(await client.call(postPlan, { body }, token)),
      })),
    ),
  );
  const sum = (column: 'requests' | 'bars' | 'bytes' | 'estimatedMs'): number =>
    plans.reduce((total, each) => total + each[column], 0);
  // Series share the pace of the source, so their times add up.
  const total = { requests: sum('requests'), bars: sum('bars'), bytes: sum('bytes'), estimatedMs: sum('estimatedMs') };
  if (json || ndjson) {
    printJson('ktrdr.data.plan/1', { plans, total });
    return;
  }
  const rows = plans.map(({ symbol, timeframe, requests, bars, bytes, estimatedMs, range }) => [
    symbol,
    timeframe,
    formatCount(requests),
    formatCount(bars),
    formatBytes(bytes),
    formatDuration(estimatedMs),
    range === undefined
      ? 'nothing is missing'
      : `${formatStamp(range.start, timeframe)} to ${formatStamp(range.end, timeframe)}`,
  ]);
  const headings = ['symbol', 'timeframe', '>requests', '>bars', '>memory', '>time', 'span (UTC)'];
  terminal.print(table(headings, rows));
  terminal.print();
  terminal.print(
    `${formatCounted(total.requests, 'request')} for ${formatCounted(total.bars, 'bar')} (${formatBytes(total.bytes)} in memory), about ${formatDuration(total.estimatedMs)} at the pace of the source; nothing was loaded`,
  );
}
