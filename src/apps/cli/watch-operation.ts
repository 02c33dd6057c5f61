import { cancelledError, CancellationSource, systemClock } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { isTerminal, type Operation } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { cancellingWords } from './interruptible.ts';
import { openDisplay } from './display/open-display.ts';
import { closingLine, closingWithoutCause } from './display/progress-lines.ts';
import type { CommandContext } from './programs/command.ts';
import { tellChildren } from './display/tell-children.ts';
import { colours } from './terminal.ts';

interface Watching {
  readonly client: OperationsClient;
  /** As it was when it was started, or found. */
  readonly operation: Operation;
  readonly context: CommandContext;
  /** What Ctrl-C does. Who has started an operation has it cancelled; who only looks on leaves it running. */
  readonly onInterrupt: 'cancel' | 'leave';
  /** Whether it is of any use to leave it running. */
  readonly canDetach: boolean;
  readonly ndjson?: boolean;
  /** How long an API that has gone may stay away. */
  readonly patienceMs?: number;
}

export interface Watched {
  /** As it was last seen. */
  readonly operation: Operation;
  /** Nobody waits for its end any more, and it goes on. */
  readonly isLeft: boolean;
}

/** For a restart of the API, and for its operator to notice that it needs one. */
export const apiPatienceMs = 120_000;
/** Calls that are worth a wait for an API that is away. */
export const untilApiIsBack = { retries: Math.ceil(apiPatienceMs / 1_000), baseMs: 500, maxMs: 2_000 };
export const awayWords = 'The API is away; trying again.';
/** How long after a cancel work may take to end, before it is left alone. */
const graceMs = 5_000;

const interruptWords = { cancel: 'cancels it', leave: 'stops watching and leaves it running' } as const;

/**
 * Shows an operation of the API until its end, or until it is left alone, and relays a cancel. A restart of the API
 * between is waited for.
 * @throws KtrdrError `unavailable` when the API stays away; `interrupted` when it has lost the operation; `cancelled`,
 * with `unconfirmed` in its details, when the API did not say in time that the work has stopped.
 */
export async function watchOperation({
  client,
  operation: first,
  context: { token, interruption },
  onInterrupt,
  canDetach,
  ndjson = false,
  patienceMs = apiPatienceMs,
}: Watching): Promise<Watched> {
  const { id } = first;
  using leaving = new CancellationSource();
  // Talking to the API outlives the cancel: it has to hear of it, and to say that the work has stopped.
  using talk = new CancellationSource(leaving.token);
  const detach = {
    words: 'leaves it running',
    act: () => {
      // What was cancelled does not go on.
      if (!token.isCancelled) leaving.cancel();
    },
  };
  using display = await openDisplay({
    ndjson,
    onCtrlC: interruptWords[onInterrupt],
    detach: canDetach ? detach : undefined,
  });
  let last = first;
  let isAway = false;
  let notice = '';
  let grace: Disposable | undefined;

  using answer = interruption.answerWith({
    first: () => {
      if (onInterrupt === 'cancel') say(cancellingWords);
    },
    second: () => {
      display[Symbol.dispose]();
      return notAwaited(id, onInterrupt);
    },
  });
  using listening = token.onCancelled(() => {
    if (onInterrupt === 'leave') {
      leaving.cancel();
      return;
    }
    grace = systemClock.after(graceMs, () => talk.cancel(token.reason));
    void relayCancel();
  });
  // Both are there to be let go of.
  void [answer, listening];

  display.show(first);
  using children = tellChildren({ client, parent: first, display, token: talk.token });
  try {
    if (!isTerminal(first.status)) await follow();
    await children.rest();
    display.end(last.status === 'failed' ? closingWithoutCause(last) : closingLine(last));
    if (last.status !== 'completed') display.end(colours.dim(`  operation ${id}`));
    return { operation: last, isLeft: false };
  } catch (thrown) {
    if (leaving.token.isCancelled) return { operation: last, isLeft: true };
    const isUnconfirmed = token.isCancelled;
    const how = isUnconfirmed ? 'cancel sent, but the API has not confirmed that the work stopped' : 'lost sight of it';
    display.end(`${colours.yellow('\u25A0')} ${last.message}: ${how}`);
    display.end(colours.dim(`  operation ${id}`));
    if (!isUnconfirmed) throw lostThere(thrown, id);
    throw cancelledError(token.reason ?? 'user', `operation "${id}", which the ktrdr API has not confirmed`, {
      operation: id,
      unconfirmed: true,
    });
  } finally {
    grace?.[Symbol.dispose]();
  }

  async function follow(): Promise<void> {
    const onSilence = (): void => {
      isAway = true;
      tell();
    };
    for await (last of client.follow(id, { after: first.version, token: talk.token, patienceMs, onSilence })) {
      // An API that was away may not have heard of the cancel.
      if (isAway && token.isCancelled && !isTerminal(last.status)) void relayCancel();
      isAway = false;
      tell();
      display.show(last);
    }
  }

  async function relayCancel(): Promise<void> {
    try {
      await client.cancel({ id, reason: token.reason ?? 'user' }, talk.token);
    } catch {
      // Whoever follows hears that the API is away, or does not hear of an end in time.
    }
  }

  function say(words: string): void {
    notice = words;
    tell();
  }

  function tell(): void {
    display.say([notice, isAway ? awayWords : ''].filter((words) => words !== '').join(' '));
  }
}

/** For who has not waited until an operation has stopped. */
export function notAwaited(id: string, onInterrupt: Watching['onInterrupt'] = 'cancel'): KtrdrError {
  const how = onInterrupt === 'cancel' ? 'may still have to stop' : 'goes on';
  return new KtrdrError(
    'cancelled',
    `Ended without waiting: operation "${id}" ${how}. Look at it with "ktrdr ops status ${id}".`,
    { details: { reason: 'user', operation: id, unconfirmed: true } },
  );
}

/** An API that has started an operation and does not know it any more has lost its record, as by a failure of power. */
function lostThere(thrown: unknown, id: string): unknown {
  if (!(thrown instanceof KtrdrError && thrown.code === 'not_found')) return thrown;
  return new KtrdrError('interrupted', `The API does not know operation "${id}" any more. Start it again.`, {
    cause: thrown,
    details: { operation: id },
  });
}
