import { pino } from 'pino';
import type { Logger } from '../base/index.ts';
import type { Settings } from '../config/index.ts';

/** JSON lines on stderr, so that stdout stays for results. */
export function createLogger(service: string, level: Settings['logLevel']): Logger {
  return fromPino(
    pino(
      { level, base: { name: service }, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
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
