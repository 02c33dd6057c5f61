import { isIntraday, type Timeframe } from '../../market/index.ts';

/** `2024-03-08 14:30` for instants (UTC), `2024-03-08` for session dates. */
export function formatStamp(time: number, timeframe: Timeframe): string {
  const iso = new Date(time).toISOString();
  return isIntraday(timeframe) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10);
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 bar`, `8,555 bars`. */
export function formatCounted(count: number, what: 'bar' | 'gap' | 'request'): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** `340 ms`, `1.4 s`, `42 s`, `2m 05s`, `1h 02m`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}

export function formatPercent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

/** `12 KiB`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1_024 ** power;
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${units[power - 1] ?? ''}`;
}
