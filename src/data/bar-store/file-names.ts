import type { Timeframe } from '../../market/index.ts';
import { parseSpan, type Span } from './series.ts';

/**
 * The files of a series. All but the manifest and the revisions bear the generation that made them and are never changed
 * once the manifest names them (the log only grows): a save writes new ones beside the old, and replacing the manifest
 * makes the change, for all years at once.
 */
export const manifestName = 'series.json';
export const revisionsName = 'revisions.log';

export function barFileName({ id }: Span, generation: number): string {
  return `${id}.${generation}.parquet`;
}

export function logName(generation: number): string {
  return `newest.${generation}.log`;
}

export function ledgerName(generation: number): string {
  return `ledger.${generation}.json.gz`;
}

/** What a bar file's name says; undefined for another file. One without a number is of generation 0. */
export function parseBarFileName(timeframe: Timeframe, name: string): { span: Span; generation: number } | undefined {
  const [, id = '', generation = '0'] = /^(\d{4}|all)(?:\.(\d+))?\.parquet$/.exec(name) ?? [];
  const span = parseSpan(timeframe, id);
  return span === undefined ? undefined : { span, generation: Number(generation) };
}

/** The generation in the name of a log; undefined for another file. */
export function parseLogName(name: string): number | undefined {
  const [, generation] = /^newest\.(\d+)\.log$/.exec(name) ?? [];
  return generation === undefined ? undefined : Number(generation);
}

/** The generation of a series that made a file; undefined for a file that none did. */
export function generationOf(timeframe: Timeframe, name: string): number | undefined {
  const [, ledger] = /^ledger\.(\d+)\.json\.gz$/.exec(name) ?? [];
  if (ledger !== undefined) return Number(ledger);
  return parseBarFileName(timeframe, name)?.generation ?? parseLogName(name);
}

/** True for a file that some generation of a series made, and that may go when no manifest names it. */
export function isOfGeneration(timeframe: Timeframe, name: string): boolean {
  return generationOf(timeframe, name) !== undefined;
}
