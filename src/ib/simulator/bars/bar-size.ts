const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A bar size as the protocol names it, with its nominal length; bars of days, weeks and months are stamped with a date. */
export interface BarSize {
  readonly text: string;
  readonly ms: number;
  readonly unit: 'intraday' | 'day' | 'week' | 'month';
}

const sizes: Readonly<Record<string, number>> = {
  '1 secs': second,
  '5 secs': 5 * second,
  '10 secs': 10 * second,
  '15 secs': 15 * second,
  '30 secs': 30 * second,
  '1 min': minute,
  '2 mins': 2 * minute,
  '3 mins': 3 * minute,
  '5 mins': 5 * minute,
  '10 mins': 10 * minute,
  '15 mins': 15 * minute,
  '20 mins': 20 * minute,
  '30 mins': 30 * minute,
  '1 hour': hour,
  '2 hours': 2 * hour,
  '3 hours': 3 * hour,
  '4 hours': 4 * hour,
  '8 hours': 8 * hour,
  '1 day': day,
  '1W': 7 * day,
  '1M': 30 * day,
};

const longUnits = { '1 day': 'day', '1W': 'week', '1M': 'month' } as const;

export const legalBarSizes = Object.keys(sizes).join(', ');

/** Bars this short obey the strict pacing rules. */
export const smallBarMs = 30 * second;

const aliases = new Map([
  ['1 week', '1W'],
  ['1 month', '1M'],
]);

export function parseBarSize(asked: string): BarSize | undefined {
  const text = aliases.get(asked) ?? asked;
  const ms = Object.hasOwn(sizes, text) ? sizes[text] : undefined;
  if (ms === undefined) return undefined;
  return { text, ms, unit: isLong(text) ? longUnits[text] : 'intraday' };
}

function isLong(text: string): text is keyof typeof longUnits {
  return Object.hasOwn(longUnits, text);
}
