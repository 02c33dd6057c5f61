import type { Checkpoint, Clock, Metrics } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import type { FetchedLines, OperationContext } from './contract.ts';
import { keptLogger } from './kept-logger.ts';
import type { OwnedOperation } from './owned-operation.ts';
import { boundedLine } from './log-line.ts';

interface KeptPartsOptions {
  readonly owned: OwnedOperation;
  /** The last checkpoint, as JSON. */
  readonly checkpoint: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Files below it are named relative to it. */
  readonly root: string | undefined;
  /** Whether lines of level debug are kept with the record, too. */
  readonly keepsDebug: boolean;
}

/** What of the context of an attempt is kept with its record. */
export function keptParts({
  owned,
  checkpoint,
  clock,
  log,
  root,
  keepsDebug,
}: KeptPartsOptions): Required<Pick<OperationContext<unknown>, 'checkpoint' | 'metrics' | 'lines' | 'log'>> {
  return {
    checkpoint: checkpointOf(owned, checkpoint),
    metrics: metricsOf(owned, log),
    lines: linesOf(owned, root),
    log: keptLogger(log, {
      keepsDebug,
      keep: (level, message, fields) => owned.log([boundedLine({ at: clock.now(), level, message, fields }, root)]),
    }),
  };
}

const maxCheckpointBytes = 64 * 1024;

/** A curve that the disk refuses is no reason for the work to fail. */
function metricsOf(owned: OwnedOperation, log: Logger): Metrics {
  return {
    record(...points) {
      try {
        owned.measure(points);
      } catch (refused) {
        log.warn('points of a curve were not recorded', { error: KtrdrError.from(refused).message });
      }
    },
  };
}

function linesOf(owned: OwnedOperation, root: string | undefined): FetchedLines {
  return {
    keep: (lines, origin) =>
      owned.log(
        lines.map((line) => boundedLine(line, root)),
        origin,
      ),
    cursorOf: (source) => owned.logCursorOf(source),
  };
}

function checkpointOf(owned: OwnedOperation, last: string | undefined): Checkpoint {
  return {
    last: last === undefined ? undefined : JSON.parse(last),
    save(value) {
      const { id } = owned.operation;
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) {
        throw new KtrdrError(
          'invalid_input',
          `The checkpoint of operation ${id} is a ${typeof value}, which JSON cannot carry.`,
        );
      }
      const bytes = Buffer.byteLength(text);
      if (bytes > maxCheckpointBytes) {
        throw new KtrdrError(
          'invalid_input',
          `The checkpoint of operation ${id} has ${bytes} bytes, more than ${maxCheckpointBytes}; keep what is large in a file and its name here.`,
        );
      }
      owned.saveCheckpoint(text);
    },
  };
}
