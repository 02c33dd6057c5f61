import { pino } from 'pino';
import type { Logger } from '../../base/index.ts';
import type { Settings } from '../../config/index.ts';
import { logText } from './display/log-text.ts';
import { terminal } from './terminal.ts';

/** On stderr, so that stdout stays for results: JSON lines, or text where somebody looks on. */
export function createLogger(service: string, level: Settings['logLevel']): Logger {
  if (process.stderr.isTTY && level !== 'silent') return textLogger(level);
  return fromPino(
    pino(
      { level, base: { name: service }, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
}

const levels = ['debug', 'info', 'warn', 'error'] as const;

function textLogger(lowest: (typeof levels)[number], always: Record<string, unknown> = {}): Logger {
  const told = levels.slice(levels.indexOf(lowest));
  const write =
    (level: (typeof levels)[number]) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      if (!told.includes(level)) return;
      terminal.complain(logText({ at: Date.now(), level, message, fields: { ...always, ...fields } }));
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => textLogger(lowest, { ...always, ...fields }),
  };
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
