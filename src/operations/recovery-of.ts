import { cancelledError } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { ResumePolicy } from './contract.ts';
import { hasBegun, type Attempt, type Operation, type Outcome } from './operation.ts';

/** What becomes of an operation whose process is gone. */
export type Recovery =
  /** It had not begun: it waits again. */
  | { readonly kind: 'queue' }
  /** A new attempt, after a pause. */
  | { readonly kind: 'retry'; readonly pauseMs: number }
  /** It had been asked to stop: what it may have left running elsewhere still has to hear of it. */
  | { readonly kind: 'stop' }
  /** It waits for its parent, which goes on and takes it up again. */
  | { readonly kind: 'keep' }
  | EndedRecovery;

export type EndedRecovery =
  /** It had been asked to stop, and has stopped. */
  { readonly kind: 'cancelled' } | { readonly kind: 'interrupted'; readonly why: string };

/** Work that ends its process each time would do so for ever. */
const maxAttempts = 5;
/** An attempt that lived shorter may have been what ended the process. */
const quickMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

interface Circumstances {
  /** Of the operation's contract; undefined when this process does not know the type. */
  readonly policy: ResumePolicy | undefined;
  readonly parentGoesOn?: boolean;
}

export function recoveryOf(operation: Operation, { policy, parentGoesOn = false }: Circumstances): Recovery {
  const { status, parent, attempts, type } = operation;
  if (status === 'cancelling') {
    return { kind: policy === 'auto' && hasBegun(operation) ? 'stop' : 'cancelled' };
  }
  if (policy === undefined) return { kind: 'interrupted', why: `This process does not know the type ${type}.` };
  if (parent !== undefined) {
    if (status === 'pending' && parentGoesOn) return { kind: 'keep' };
    return { kind: 'interrupted', why: `It is part of operation ${parent}, which starts it again if it goes on.` };
  }
  if (status === 'pending') return { kind: 'queue' };
  if (policy !== 'auto') return { kind: 'interrupted', why: again[policy] };
  const deaths = attempts.filter(isDeath).length + 1;
  if (deaths >= maxAttempts) return { kind: 'interrupted', why: `It was tried ${deaths} times.` };
  return { kind: 'retry', pauseMs: pauseAfter(operation) };
}

/** How an operation ends that does not continue. */
export function endOf({ id, cancellation }: Operation, recovery: EndedRecovery): Outcome {
  if (recovery.kind === 'cancelled') {
    const error = cancelledError(cancellation?.reason ?? 'user', 'an end of its process');
    return { status: 'cancelled', error: error.toProblem(), forced: false };
  }
  const message = `The process that ran operation ${id} ended before it did. ${recovery.why}`;
  return { status: 'failed', error: new KtrdrError('interrupted', message).toProblem() };
}

const again = {
  manual: 'What it had stored is kept; resume it, or start it again.',
  never: 'Start it again.',
} as const;

/** A shutdown that stopped an attempt says nothing about the work. */
function isDeath({ ended }: Attempt): boolean {
  return ended === 'interrupted';
}

/** None after a first quick death, which is mostly chance; then doubling with each further one in a row. */
function pauseAfter({ attempts, startedAt = 0, progress }: Operation): number {
  const lives = [...attempts.filter(isDeath), { startedAt, endedAt: progress.updatedAt }];
  const lastLong = lives.findLastIndex(({ startedAt: from, endedAt = from }) => endedAt - from >= quickMs);
  const quick = lives.length - 1 - lastLong;
  return quick < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (quick - 2));
}
