import { manifestName, parseBarFileName, revisionsName } from './file-names.ts';
import type { SeriesKey, Span } from './series.ts';
import { dateText } from '../../market/index.ts';

/**
 * What to do about a file of a series that is missing or not as it was written. Each ends with a series that is as its
 * files say, and that a load fills again.
 */
export function remedyOf(key: SeriesKey, name: string): string {
  const file = parseBarFileName(key.timeframe, name);
  if (file !== undefined) return barFileRemedy(key, file.span);
  if (name === manifestName) return remedyOfManifest;
  if (name === revisionsName)
    return `Put it back from a backup, or move what there is of it, and the ${manifestName} beside it, away: the older values of revised bars are lost then, and ${madeAgain.replace('it is', 'the manifest is')}.`;
  return `Put it back from a backup, or move the ${manifestName} beside it away: ${madeAgain}.`;
}

/** Of a log behind files whose newest bar has the stamp `last`. */
export function remedyOfLog(key: SeriesKey, last: number | undefined): string {
  const start = last === undefined ? '' : ` --start ${instantText(last)}`;
  return `Put it back from a backup, or give its bars up with "ktrdr data delete ${nameOf(key)}${start} --yes" and load them again with "${load(key)} --mode tail"; what came from a file is imported again.`;
}

const madeAgain =
  'it is made again from the bar files and the log, and the next load asks again for what was known to be empty';

export const remedyOfManifest = `Move it away: ${madeAgain}.`;

/** Of a bar file that no manifest names, for want of one or because it is newer. */
export const remedyOfUnnamed =
  'Put it back from a backup, or move it away, too: no manifest names it, and the series is what its other files hold.';

/** Of what a crash has left behind. */
export const remedyOfLeftover = 'Nothing has to be done: the next write to the series clears it away.';

export const remedyOfNewer = 'Use the newer version of ktrdr; the file need not be damaged.';

export const remedyOfDisk = 'Check the disk and its permissions, then verify again.';

function barFileRemedy(key: SeriesKey, { range }: Span): string {
  const { start, end } = range;
  const span = Number.isFinite(start) ? ` --start ${dateText(start)} --end ${dateText(end)}` : '';
  return `Put it back from a backup, or remove its bars with "ktrdr data delete ${nameOf(key)}${span} --yes" and load them again with "${load(key)} --mode full${span}"; what came from a file is imported again.`;
}

function load(key: SeriesKey): string {
  return `ktrdr data load ${nameOf(key)}`;
}

function nameOf({ symbol, timeframe }: SeriesKey): string {
  return `${/^[\w./:@%+,-]+$/.test(symbol) ? symbol : `'${symbol.replaceAll("'", `'\\''`)}'`} -t ${timeframe}`;
}

/** As short as it can be told to the second. */
function instantText(instant: number): string {
  return new Date(instant).toISOString().replace(/(?:T00:00)?(?::00)?\.\d+Z$/, '');
}
