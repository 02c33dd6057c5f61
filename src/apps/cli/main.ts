#!/usr/bin/env node
import { CommanderError } from 'commander';
import { KtrdrError } from '../../base/index.ts';
import { createProgram } from './program.ts';
import { colours, terminal, watchOutput } from './terminal.ts';

/** The exit code of a command line, after it has run. */
async function run(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  try {
    await createProgram((code) => (exitCode = code)).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = KtrdrError.from(thrown);
    terminal.note(`${colours.red('error:')} ${error.message}`);
    if (error.code === 'internal' && error.stack !== undefined) terminal.note(colours.dim(stackOf(error)));
    return exitCode === 0 ? error.exitCode : exitCode;
  }
}

function stackOf({ cause, stack = '' }: KtrdrError): string {
  return cause instanceof Error ? (cause.stack ?? stack) : stack;
}

watchOutput((code) => (process.exitCode = code));
const exitCode = await run(process.argv.slice(2));
process.exitCode ??= exitCode;
// An open channel to a parent would keep a process that has nothing left to do.
if (process.connected) process.disconnect();
