import { cancelledError, CancellationSource, systemClock, type CancellationToken } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { isTerminal, type Operation } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { cancellingWords } from './interruptible.ts';
import type { Display } from './display/display.ts';
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
  const leave = (): void => {
    // What was cancelled does not go on.
    if (!token.isCancelled) leaving.cancel();
  };
  using display = await openDisplay({
    ndjson,
    onCtrlC: interruptWords[onInterrupt],
    detach: canDetach ? { words: 'leaves it running', act: leave } : undefined,
  });
  const remarks = new Remarks(display);
  const relayCancel = async (): Promise<void> => {
    try {
      await client.cancel({ id, reason: token.reason ?? 'user' }, talk.token);
    } catch {
      // Whoever follows hears that the API is away, or does not hear of an end in time.
    }
  };
  let grace: Disposable | undefined;

  using answer = interruption.answerWith({
    first: () => {
      if (onInterrupt === 'cancel') remarks.answer(cancellingWords);
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
  const onSilence = (): void => remarks.apiIs('away');
  const options = { after: first.version, token: talk.token, patienceMs, onSilence };
  let last = first;
  try {
    for await (last of isTerminal(first.status) ? [] : client.follow(id, options)) {
      // An API that was away may not have heard of the cancel.
      if (remarks.isApiAway && token.isCancelled && !isTerminal(last.status)) void relayCancel();
      remarks.apiIs('there');
      display.show(last);
    }
    await children.rest();
    display.end(last.status === 'failed' ? closingWithoutCause(last) : closingLine(last));
    if (last.status !== 'completed') display.end(colours.dim(`  operation ${id}`));
    return { operation: last, isLeft: false };
  } catch (thrown) {
    if (leaving.token.isCancelled) return { operation: last, isLeft: true };
    throw lostSight(thrown, { operation: last, display, token });
  } finally {
    grace?.[Symbol.dispose]();
  }
}

/** What there is to say beside the work: the answer to Ctrl-C, and that the API is away. */
class Remarks {
  readonly #display: Pick<Display, 'say'>;
  #answer = '';
  #isApiAway = false;

  constructor(display: Pick<Display, 'say'>) {
    this.#display = display;
  }

  get isApiAway(): boolean {
    return this.#isApiAway;
  }

  answer(words: string): void {
    this.#answer = words;
    this.#say();
  }

  apiIs(where: 'away' | 'there'): void {
    this.#isApiAway = where === 'away';
    this.#say();
  }

  #say(): void {
    this.#display.say([this.#answer, this.#isApiAway ? awayWords : ''].filter((words) => words !== '').join(' '));
  }
}

interface Lost {
  /** As it was last seen. */
  readonly operation: Operation;
  readonly display: Display;
  readonly token: CancellationToken;
}

/** Says on the display that the end of an operation is not known here. @returns the error that tells why. */
function lostSight(thrown: unknown, { operation: { id, message }, display, token }: Lost): unknown {
  const isUnconfirmed = token.isCancelled;
  const how = isUnconfirmed ? 'cancel sent, but the API has not confirmed that the work stopped' : 'lost sight of it';
  display.end(`${colours.yellow('\u25A0')} ${message}: ${how}`);
  display.end(colours.dim(`  operation ${id}`));
  if (!isUnconfirmed) return lostThere(thrown, id);
  return cancelledError(token.reason ?? 'user', `operation "${id}", which the ktrdr API has not confirmed`, {
    operation: id,
    unconfirmed: true,
  });
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
