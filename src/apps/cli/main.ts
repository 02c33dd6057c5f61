#!/usr/bin/env node
import { runCommandLine } from './run-command-line.ts';
import { watchOutput } from './terminal.ts';
import { wantsJson } from './wants-json.ts';

const argv = process.argv.slice(2);
watchOutput({ asJson: wantsJson(argv), setExitCode: (code) => (process.exitCode = code) });
void runCommandLine(argv).then((exitCode) => {
  process.exitCode ??= exitCode;
  // An open channel to a parent would keep a process that has nothing left to do.
  if (process.connected) process.disconnect();
});
