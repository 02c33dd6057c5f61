import { InvalidArgumentError } from 'commander';
import { KtrdrError, suggestion } from '../../../base/index.ts';
import { filledOption } from './filled-option.ts';
import {
  dateOrders,
  exportFormats,
  importConflicts,
  loadModes,
  repairNames,
  type RepairName,
} from '../../../data/index.ts';
import type { Latency } from '../../../ib/index.ts';
import type { ModelFormat } from '../../../models/index.ts';
import { operationStatuses, type OperationStatus } from '../../../operations/index.ts';
import { calendarIds, parseTimeframe, type Timeframe } from '../../../market/index.ts';

export const predictionFormats = ['csv', 'json'] as const;

export const schemaFormats = ['json', 'markdown'] as const;

/** Written out, because to load the room of models takes every command a fifth longer. */
export const modelFormats = ['onnx', 'safetensors'] as const satisfies readonly ModelFormat[];

/** `2024-03-08`, `2024-03-08T14:30` or with a zone offset; without one it is UTC. Epoch milliseconds. */
export function dateOption(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const [, year, month, day, time = '00:00', zone = 'Z'] = match ?? [];
  const instant = match === null ? Number.NaN : Date.parse(`${year}-${month}-${day}T${time}${zone}`);
  // Date.parse accepts some impossible days and shifts them.
  const exists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (Number.isNaN(instant) || !exists) {
    throw new InvalidArgumentError(`"${text}" is not a date; write 2024-03-08 or 2024-03-08T14:30 (UTC).`);
  }
  return instant;
}

export function timeframeOption(text: string): Timeframe {
  return asArgumentError(() => parseTimeframe(text));
}

/** @returns an option that takes one of some names. `what` says of what kind they are. */
function oneOfOption<T extends string>(what: string, names: readonly T[]): (text: string) => T {
  return (text) => {
    const known = names.find((name) => name === text);
    if (known !== undefined) return known;
    throw new InvalidArgumentError(`There is no ${what} "${text}"; ${suggestion(text, names)}`);
  };
}

export const modeOption = oneOfOption('mode', loadModes);
export const calendarOption = oneOfOption('calendar', calendarIds);
export const datesOption = oneOfOption('order', dateOrders);
export const conflictsOption = oneOfOption('way', importConflicts);
export const formatOption = oneOfOption('format', exportFormats);
export const modelFormatOption = oneOfOption('format', modelFormats);
export const predictionFormatOption = oneOfOption('format', predictionFormats);
export const schemaFormatOption = oneOfOption('format', schemaFormats);

/** A model as the command line names it. */
export interface ModelReference {
  readonly name: string;
  /** Absent: the newest. */
  readonly version?: string;
}

/** `momentum` or `momentum@v2`. */
export function modelArgument(text: string): ModelReference {
  const [, name = '', version] = /^([^@]+)(?:@(.+))?$/.exec(nameArgument(text)) ?? [];
  if (name === '') throw new InvalidArgumentError(`"${text}" is not a model; write NAME or NAME@VERSION.`);
  return version === undefined ? { name } : { name, version };
}

/** `sort,unique`. */
export function repairsOption(text: string): RepairName[] {
  return listOption(text).map(oneOfOption('repair', repairNames));
}

/** `running,failed`. */
export function statusesOption(text: string): OperationStatus[] {
  return listOption(text).map(oneOfOption('status', operationStatuses));
}

export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError(`"${text}" is not a port; use 0 to 65535 (0 picks a free one).`);
  return port;
}

export function wholeNumberOption(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number.`);
  return Number(text);
}

/** What a training takes as a seed. */
export function seedOption(text: string): number {
  return wholeNumberBetween(0, 0xffff_ffff)(text);
}

/** @returns an option that takes whole numbers between two bounds, inclusive. */
export function wholeNumberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^-?\d+$/.test(text) ? Number(text) : wholeNumberOption(text);
    if (number < least || number > most) throw new InvalidArgumentError(`Use ${least} to ${most}.`);
    return number;
  };
}

/** Milliseconds; a minute is what clients wait for an answer. */
export const latencyOption = wholeNumberBetween(0, 60_000);

/** `150`, `100..400`, `200~0.5` or `real`: how long a simulated gateway takes. */
export function requestLatencyOption(text: string): Latency {
  if (text === 'real') return 'service_times';
  const [, low = '', high = ''] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (low !== '') {
    const between: [number, number] = [latencyOption(low), latencyOption(high)];
    if (between[0] <= between[1]) return { between };
  }
  const [, median = '', spread = ''] = /^(\d+)~(\d(?:\.\d+)?)$/.exec(text) ?? [];
  if (median !== '') return { median: latencyOption(median), spread: numberWithin(spread, [0, 3]) };
  if (/^\d+$/.test(text)) return latencyOption(text);
  throw new InvalidArgumentError(`"${text}" is not a latency; write 150, 100..400, 200~0.5 or real.`);
}

/** A part of a whole, 0 to 1. */
export function shareOption(text: string): number {
  return numberWithin(text, [0, 1]);
}

/** How many times as fast as the real one a clock runs. */
export function speedOption(text: string): number {
  return numberWithin(text, [0, 10_000]);
}

function numberWithin(text: string, [least, most]: readonly [number, number]): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new InvalidArgumentError(`Use a number from ${least} to ${most}.`);
  return number;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestDurationMs = 30 * 86_400_000;

/** `90s`, `5m`, `1.5h`: milliseconds. */
export function durationOption(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (unitMs[unit] ?? 0));
  if (ms < 1 || ms > longestDurationMs) {
    throw new InvalidArgumentError(`"${text}" is not a duration; write 90s, 5m or 1.5h, up to 30d.`);
  }
  return ms;
}

/** `America/New_York`. */
export function zoneOption(text: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text }).format();
    return text;
  } catch {
    throw new InvalidArgumentError(`There is no zone "${text}"; write a name such as America/New_York or UTC.`);
  }
}

/** For an argument that may be given several times. */
export function filledArguments(text: string, before: string[] = []): string[] {
  return [...before, filledOption(text)];
}

/** Names longer than `longestName` are a slip of the hand, and longer than what fits into an address. */
export function nameArgument(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  if (/\p{Cc}/u.test(text)) throw new InvalidArgumentError('It has control characters.');
  if (text.length > longestName) throw new InvalidArgumentError(`It is longer than ${longestName} characters.`);
  return text;
}

/** For an argument that may be given several times. */
export function nameArguments(text: string, before: string[] = []): string[] {
  return [...before, nameArgument(text)];
}

const longestName = 200;

/** `AAPL,MSFT`. */
export function listOption(text: string): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('Give one or more names, separated by commas.');
  return items;
}

export function timeframeListOption(text: string): Timeframe[] {
  return listOption(text).map(timeframeOption);
}

/** @throws KtrdrError `invalid_input` when both are given and `start` is not before `end`. */
export function checkSpan({ start, end }: { start?: number; end?: number }): void {
  if (start !== undefined && end !== undefined && start >= end) {
    throw new KtrdrError(
      'invalid_input',
      `--start ${new Date(start).toISOString()} does not lie before --end ${new Date(end).toISOString()}.`,
    );
  }
}

function asArgumentError<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new InvalidArgumentError(KtrdrError.from(error).message);
  }
}
