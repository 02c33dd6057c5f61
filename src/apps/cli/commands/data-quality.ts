import { assessQualityOf, type QualityReport } from '../../../data/index.ts';
import type { Timeframe } from '../../../market/index.ts';
import { formatCount, formatCounted, formatStamp } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { runOperation } from '../run-operation.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

export interface QualityOptions {
  timeframe: Timeframe;
  start?: number;
  end?: number;
  limit: number;
  json?: boolean;
}

export async function quality(context: CommandContext, symbol: string, options: QualityOptions): Promise<void> {
  checkSpan(options);
  const { timeframe, limit, json = false, ...span } = options;
  const input = { symbol, timeframe, ...span };
  const report = await runOperation(context, { contract: assessQualityOf, input });
  if (json) {
    printJson('ktrdr.data.quality/1', report);
    return;
  }
  const shown = report.issues.slice(0, limit);
  if (shown.length > 0) {
    const rows = shown.map(({ severity, rule, first, bars, detail }) => [
      severity,
      rule,
      formatStamp(first, timeframe),
      formatCount(bars),
      detail,
    ]);
    terminal.print(table(['severity', 'rule', 'first (UTC)', '>bars', 'what'], rows));
    const more = report.issues.length - shown.length;
    if (more > 0) terminal.note(`There are more: ${more} are listed with -n ${report.issues.length}.`);
    terminal.print();
  }
  terminal.print(`${report.symbol} ${timeframe}: ${formatCounted(report.bars, 'bar')}, ${qualityWords(report)}`);
}

const gradeColours = { clean: colours.green, good: colours.green, doubtful: colours.yellow, broken: colours.red };

/** `good (4 probable_split, 12 spike)`. */
export function qualityWords({ grade, counts }: QualityReport): string {
  const words = Object.entries(counts).map(([rule, bars]) => `${formatCount(bars)} ${rule}`);
  return `${gradeColours[grade](grade)}${words.length === 0 ? '' : ` (${words.join(', ')})`}`;
}
