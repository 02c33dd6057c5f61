import type { Clock } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import type { Conductor } from './conductor.ts';
import { beginning, inputOf } from './new-operation.ts';
import { retried, stopResumed, type Operation } from './operation.ts';
import type { OperationsService } from './operations-service.ts';
import { endOf, recoveryOf } from './recovery-of.ts';
import type { Kind } from './run-attempt.ts';

interface RecoverOptions {
  readonly operations: OperationsService;
  readonly conductor: Conductor;
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined for a type that nobody registered. */
  readonly kindOf: (type: string) => Kind | undefined;
}

/** Has everything that an earlier process left unfinished wait again, be tried again, or end, as `recoveryOf` says. */
export function recoverAll(options: RecoverOptions): void {
  const { operations, log } = options;
  for (const id of operations.leftBehind()) {
    try {
      recover(operations.get(id), options);
    } catch (refused) {
      // One record that cannot be read must not keep the others from going on.
      log.error('an operation was not recovered', { operation: id, error: KtrdrError.from(refused).message });
    }
  }
}

function recover(operation: Operation, { operations, conductor, clock, log, kindOf }: RecoverOptions): void {
  const { id, type, attempt, parent } = operation;
  const kind = kindOf(type);
  const policy = kind && (kind.contract.resume ?? 'manual');
  const parentGoesOn = parent !== undefined && conductor.goesOn(parent);
  const recovery = recoveryOf(operation, { policy, parentGoesOn });
  log.info('operation found unfinished', { operation: id, type, attempt, recovery: recovery.kind });
  if (recovery.kind === 'interrupted' || recovery.kind === 'cancelled') {
    operations.endLeftBehind(operation, endOf(operation, recovery));
    return;
  }
  if (recovery.kind === 'keep') {
    if (parent !== undefined) conductor.keepFor(parent, id);
    return;
  }
  // What nobody knows has ended above.
  if (kind === undefined) return;
  let input: unknown;
  try {
    input = inputOf(kind.contract, operation);
  } catch (thrown) {
    operations.endLeftBehind(operation, { status: 'failed', error: KtrdrError.from(thrown).toProblem() });
    return;
  }
  const now = clock.now();
  switch (recovery.kind) {
    case 'queue':
      conductor.takeUp(kind, input, { operation });
      break;
    case 'stop':
      conductor.takeUp(kind, input, { operation: stopResumed(operation, now) });
      break;
    case 'retry': {
      const next = retried(operation, beginning(kind.contract, input, now));
      conductor.takeUp(kind, input, { operation: next, pauseMs: recovery.pauseMs });
      break;
    }
    default:
      recovery satisfies never;
  }
}
