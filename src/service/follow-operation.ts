import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { isTerminal, type Operation } from '../operations/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { getOperation, watchOperation } from './operation-endpoints.ts';
import { operationOf } from './operation-event.ts';

export interface FollowOptions {
  /** Only versions above this one. */
  readonly after?: number;
  readonly token: CancellationToken;
  /** After so long without a sign of life from the host, contact counts as lost. */
  readonly lostContactMs?: number;
  /** For so long without a sign of life contact is sought; then following fails with `unavailable`. */
  readonly patienceMs?: number;
  /** Hears of each look that came to nothing, and how long the host has been silent by then. */
  readonly onSilence?: (silentMs: number) => void;
  /** Between the beginnings of two looks, at least, where the host or what lies between does not stream events. */
  readonly pollMs?: number;
}

/**
 * The states of a host's operation until its end, each newer than the last; a slow reader skips some, never the last one.
 * A dropped stream is taken up where it ended; where there are no streams, the record is looked at again and again.
 * @throws KtrdrError `not_found`, `unavailable`, `cancelled` (which ends the following, not the operation).
 */
export async function* followOperation(
  client: EndpointClient,
  id: string,
  { after = 0, token, lostContactMs = 15_000, patienceMs = lostContactMs, pollMs = 500, onSilence }: FollowOptions,
): AsyncGenerator<Operation, void, undefined> {
  const { clock } = client;
  let version = after;
  let streams = true;
  let failures = 0;
  let contactAt = clock.elapsed();
  let lookedAt = contactAt;
  const waitSeconds = Math.floor((lostContactMs * waitShare) / 1_000);
  const onContact = (): void => {
    failures = 0;
    contactAt = clock.elapsed();
  };

  for (;;) {
    try {
      lookedAt = clock.elapsed();
      for await (const operation of streams ? streamed() : polled(waitSeconds)) {
        if (operation.version > version) {
          version = operation.version;
          yield operation;
          // The reader may have taken its time, which says nothing about the host.
          onContact();
        }
        if (isTerminal(operation.status)) return;
      }
    } catch (thrown) {
      token.throwIfCancelled(`the following of operation ${id}`);
      const error = KtrdrError.from(thrown);
      if (!error.retryable) throw error;
      failures += 1;
      const silentMs = clock.elapsed() - contactAt;
      if (silentMs >= patienceMs) throw lostContact(client, id, error);
      onSilence?.(silentMs);
      client.log.warn('lost sight of an operation, looking again', {
        operation: id,
        service: client.service,
        silentMs,
      });
    }
    const pauseMs = streams
      ? Math.min(longestPauseMs, firstPauseMs * 2 ** failures)
      : Math.max(0, pollMs - (clock.elapsed() - lookedAt));
    await clock.sleep(pauseMs, token);
  }

  /** What the stream tells, and one look at the record when it ends before the operation does. */
  async function* streamed(): AsyncGenerator<Operation, void, undefined> {
    let heard = false;
    const options = {
      token,
      idleMs: lostContactMs * streamSilence,
      onContact: () => {
        heard = true;
        onContact();
      },
    };
    try {
      const events = client.stream(watchOperation, { params: { id }, query: { after: version } }, options);
      for await (const { data } of events) yield operationOf(data);
    } catch (thrown) {
      token.throwIfCancelled(`the following of operation ${id}`);
      const { code, retryable } = KtrdrError.from(thrown);
      // Not a stream at all, or a proxy that holds its bytes back.
      if (!retryable || (code === 'deadline_exceeded' && !heard)) streams = false;
    }
    yield* polled();
  }

  /** A look at the record, which the host may delay for some seconds while nothing changes. */
  async function* polled(wait = 0): AsyncGenerator<Operation, void, undefined> {
    const options = { token, retries: 0, timeoutMs: lostContactMs * answerShare + wait * 1_000 };
    const headers = wait === 0 ? {} : { prefer: `wait=${wait}` };
    const operation = await client.call(getOperation, { params: { id }, query: { after: version }, headers }, options);
    onContact();
    yield operation;
  }
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Parts of the time of lost contact: a silent stream is given up while there is time left to ask for the record. */
const streamSilence = 0.8;
const answerShare = 0.2;
const waitShare = 0.4;

function lostContact({ service, baseUrl }: EndpointClient, id: string, cause: KtrdrError): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `Lost contact with ${service} at ${baseUrl} while following operation "${id}", which may still run there. Start it again with the same id to join it.`,
    { cause, details: { ...cause.details, operation: id } },
  );
}
