import { cpus } from 'node:os';
import { sized } from './smoke.mjs';
import { median } from './stats.mjs';

/** Formats of one number. The times take milliseconds. */
export const formats = {
  ms: (value) => `${significant(value)} ms`,
  us: (ms) => `${significant(ms * 1_000)} \u00B5s`,
  ns: (ms) => `${significant(ms * 1_000_000)} ns`,
  seconds: (ms) => `${significant(ms / 1_000)} s`,
  percent: (share) => `${significant(share * 100)} %`,
  perSecond: (rate) => `${grouped(rate)} /s`,
  number: (value) => grouped(value),
  mebibytes: (bytes) => `${significant(bytes / 2 ** 20)} MiB`,
};

/** Bounds of a row; a row without one only tells. */
export const atMost = (value) => ({ sign: '\u2264', value, holds: (reached) => reached <= value });
export const atLeast = (value) => ({ sign: '\u2265', value, holds: (reached) => reached >= value });

/**
 * One line of a table. `ours` are the values of the rounds, `by` the statistic that stands for them. With `peer`, what
 * counts is the ratio: how many times faster we are when the limit is `atLeast`, how many times slower when `atMost`;
 * it is taken round by round, and its median is shown.
 */
export function row({ what, ours, peer, format, by = median, limit }) {
  const shown = by(ours);
  if (peer === undefined) {
    return {
      what,
      ours: format(shown),
      peer: '',
      ratio: '',
      limit: limit === undefined ? '' : `${limit.sign} ${format(limit.value)}`,
      spread: spread(ours, format),
      reached: limit?.holds(shown),
    };
  }
  const isFaster = limit?.sign === '\u2265';
  const ratios = ours.map((value, round) => (isFaster ? peer[round] / value : value / peer[round]));
  const ratio = median(ratios);
  const times = (value) => `${significant(value)}\u00D7`;
  return {
    what,
    ours: format(shown),
    peer: format(by(peer)),
    ratio: `${times(ratio)} ${isFaster ? 'faster' : 'the time'}`,
    limit: limit === undefined ? '' : `${limit.sign} ${times(limit.value)}`,
    spread: spread(ratios, times),
    reached: limit?.holds(ratio),
  };
}

/**
 * Ends a bench: prints its table, hands it to the process that asked for it, and sets the exit code when a limit was not
 * reached. `notes` are sentences below the table.
 */
export function report({ title, rows, notes = [] }) {
  const text = asMarkdown({ title, rows, notes });
  console.log(process.connected ? text : `${text}\n\n${machine()}`);
  // In a smoke run no time means anything.
  const missed = sized(rows, []).filter(({ reached }) => reached === false);
  if (missed.length > 0) process.exitCode = 1;
  if (!process.connected) return;
  process.send({ text, missed: missed.map(({ what }) => what) });
  process.disconnect();
}

/** What the numbers were measured on, and when. */
export function machine() {
  const processors = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${date}`;
}

const columns = ['what', 'ours', 'peer', 'ratio', 'limit', 'spread', 'reached'];

function asMarkdown({ title, rows, notes }) {
  const cells = [
    columns,
    ...rows.map((one) =>
      columns.map((column) => (column === 'reached' ? { true: 'yes', false: 'NO' }[one.reached] : one[column]) ?? ''),
    ),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  const line = (texts) => `| ${texts.map((text, index) => text.padEnd(widths[index])).join(' | ')} |`;
  const [head, ...body] = cells.map(line);
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [`## ${title}`, '', head, rule, ...body, ...notes.flatMap((note) => ['', note])].join('\n');
}

function spread(values, format) {
  return values.length < 2 ? '' : `${format(Math.min(...values))} to ${format(Math.max(...values))}`;
}

function significant(value) {
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? grouped(value) : String(Number(value.toPrecision(3)));
}

function grouped(value) {
  return Math.round(value).toLocaleString('en-US');
}
