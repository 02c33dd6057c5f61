import type { Logger } from '../base/index.ts';
import { logLevels, type LogLevel } from './log-line.ts';

type Fields = Readonly<Record<string, unknown>>;

interface KeepOptions {
  readonly keep: (level: LogLevel, message: string, fields: Fields) => void;
  readonly keepsDebug: boolean;
}

/** A logger whose lines are kept as well. What the fields of `log` itself say is not repeated in them. */
export function keptLogger(log: Logger, options: KeepOptions, base: Fields = {}): Logger {
  const at = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    log[level](message, fields);
    if (level !== 'debug' || options.keepsDebug) options.keep(level, message, { ...base, ...fields });
  };
  const [debug, info, warn, error] = logLevels;
  return {
    debug: at(debug),
    info: at(info),
    warn: at(warn),
    error: at(error),
    with: (fields) => keptLogger(log.with(fields), options, { ...base, ...fields }),
  };
}
