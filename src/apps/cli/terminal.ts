import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { KtrdrError, systemCode } from '../../base/index.ts';
import { fitted, textWidth } from './display/text-width.ts';
import { plainSigns, showsSigns } from './plain-signs.ts';
import { visible } from './visible.ts';

let isQuiet = false;
let isUnread = false;

/** Results go to stdout, everything about the work itself to stderr. */
export const terminal = {
  print(line = ''): void {
    writeText(process.stdout, `${line}\n`);
  },
  note(line = ''): void {
    if (!isQuiet) terminal.complain(line);
  },
  /** What has to be known also by who wants to hear of errors only. */
  complain(line: string): void {
    writeText(process.stderr, `${line}\n`);
  },
  /** Whether nothing but errors goes to stderr. */
  get isQuiet(): boolean {
    return isQuiet;
  },
  /** Whether who was to read the results has gone, as `head` does. */
  get isUnread(): boolean {
    return isUnread;
  },
  hush(): void {
    isQuiet = true;
  },
};

/** The name of the shape that a JSON result has; its number grows when a program that reads it would break. */
export type JsonSchemaName = `ktrdr.${string}/${number}`;

/** The one object that a command prints with `--json`; its first key tells programs what to expect. */
export function printJson(schema: JsonSchemaName, value: object): void {
  process.stdout.write(`${JSON.stringify({ schema, ...value })}\n`);
}

/** Why a command failed, as its last words: a sentence for people or, where `asJson`, an object for programs. */
export function printError(error: KtrdrError, { asJson }: { asJson: boolean }): void {
  const { code, message: detail, exitCode, details } = error;
  if (asJson) {
    const facts = Object.keys(details).length === 0 ? {} : { details };
    process.stderr.write(`${JSON.stringify({ schema: 'ktrdr.error/1', code, detail, exitCode, ...facts })}\n`);
    return;
  }
  terminal.complain(`${colours.red('error:')} ${detail.split('\n').map(visible).join('\n')}`);
  if (code === 'internal' && error.stack !== undefined) terminal.complain(colours.dim(stackOf(error)));
}

function stackOf({ cause, stack = '' }: KtrdrError): string {
  return cause instanceof Error ? (cause.stack ?? stack) : stack;
}

/**
 * A reader that has gone (`| head -1`) is no error: work goes on and writes into nothing. Output that cannot be written
 * for any other reason is told, and `setExitCode` hears of it.
 */
export function watchOutput({ asJson, setExitCode }: { asJson: boolean; setExitCode: (code: number) => void }): void {
  const gone = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);
  let told = false;
  process.stderr.on('error', () => {});
  process.stdout.on('error', (cause) => {
    isUnread = true;
    if (told || gone.has(systemCode(cause) ?? '')) return;
    told = true;
    const error = new KtrdrError('failed_precondition', `Cannot write the output: ${cause.message}.`, { cause });
    printError(error, { asJson });
    setExitCode(error.exitCode);
  });
}

/** Text is always painted, and has its signs; only where it is written it is known whether its reader wants that. */
export const colours = pc.createColors(true);

/** What a stream gets of painted text that has signs in it. */
export function textFor(stream: NodeJS.WriteStream, text: string): string {
  const shown = showsSigns(process.env) ? text : plainSigns(text);
  return takesColours(stream) ? shown : stripVTControlCharacters(shown);
}

function writeText(stream: NodeJS.WriteStream, text: string): void {
  stream.write(textFor(stream, text));
}

/** A terminal answers for itself (NO_COLOR, FORCE_COLOR, TERM); elsewhere colours have to be asked for. */
function takesColours(stream: NodeJS.WriteStream): boolean {
  if (stream.isTTY) return stream.hasColors();
  return !['', '0', 'false'].includes(process.env['FORCE_COLOR'] ?? '');
}

/** Columns padded to their widest cell; the last one is left as it is. Numbers (cells that end in a digit under a `>` heading) align right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = headings.map((heading) => heading.replace(/^>/, ''));
  const shown = rows.map((row) => row.map((cell) => fitted(cell, Infinity)));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...shown.map((row) => textWidth(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const room = ' '.repeat((widths[column] ?? 0) - textWidth(cell));
        return headings[column]?.startsWith('>') === true ? `${room}${cell}` : `${cell}${room}`;
      })
      .join('  ')
      .trimEnd();
  return [line(names), line(widths.map((width) => '-'.repeat(width))), ...shown.map(line)].join('\n');
}
