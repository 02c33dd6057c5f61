#!/usr/bin/env node
import { runCommandLine } from './run-command-line.ts';
import { watchOutput } from './terminal.ts';

watchOutput((code) => (process.exitCode = code));
const exitCode = await runCommandLine(process.argv.slice(2));
process.exitCode ??= exitCode;
// An open channel to a parent would keep a process that has nothing left to do.
if (process.connected) process.disconnect();
