import { pino } from 'pino';
import type { Logger } from '../../base/index.ts';
import type { Settings } from '../../config/index.ts';
import type { LogLine } from '../../operations/index.ts';
import { logText } from './display/log-text.ts';
import { terminal } from './terminal.ts';

/** On stderr, so that stdout stays for results: JSON lines, or text where somebody looks on. */
export function createLogger(service: string, level: Settings['logLevel']): Logger {
  return fromPino(
    pino(
      { level, base: { name: service }, timestamp: pino.stdTimeFunctions.isoTime },
      process.stderr.isTTY ? { write: writeText } : pino.destination({ dest: 2, sync: true }),
    ),
  );
}

interface JsonLine {
  readonly level: number;
  readonly time: string;
  readonly name: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The service is not named: whoever looks on has started it. */
function writeText(json: string): void {
  const { level, time, name: _, msg: message, ...fields } = JSON.parse(json) as JsonLine;
  const label = pino.levels.labels[level] as LogLine['level'];
  terminal.complain(logText({ at: Date.parse(time), level: label, message, fields }));
}

function fromPino(instance: pino.Logger): Logger {
  return {
    debug: (message, fields = {}) => instance.debug(fields, message),
    info: (message, fields = {}) => instance.info(fields, message),
    warn: (message, fields = {}) => instance.warn(fields, message),
    error: (message, fields = {}) => instance.error(fields, message),
    with: (fields) => fromPino(instance.child(fields)),
  };
}
