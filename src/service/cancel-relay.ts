import { cancelledError, CancellationSource, type CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { Operation, OperationContext } from '../operations/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { cancelOperation } from './operation-endpoints.ts';

interface CancelRelayOptions {
  readonly client: EndpointClient;
  /** Of the operation here, under the id that it has on the host. */
  readonly context: Pick<OperationContext<never>, 'id' | 'token' | 'clock' | 'log'>;
  /** How long a cancelled operation may take to end on the host. */
  readonly graceMs: number;
}

/** Relays the cancel of an operation to the host where its work is, and gives up a host that does not confirm it in time. */
export class CancelRelay implements Disposable {
  /** The token was cancelled from the beginning: there is nothing to do but to stop what may run there. */
  readonly isStop: boolean;
  readonly #options: CancelRelayOptions;
  readonly #talk = new CancellationSource();
  readonly #listening: Disposable;
  #grace: Disposable | undefined;

  constructor(options: CancelRelayOptions) {
    const { token, clock } = options.context;
    this.#options = options;
    this.isStop = token.isCancelled;
    this.#listening = token.onCancelled(() => {
      this.#grace = clock.after(options.graceMs, () => this.#talk.cancel(token.reason));
      if (!this.isStop) void this.relay();
    });
  }

  /** Talking to the host outlives the cancel: it has to hear of it, and to say that it has stopped. */
  get talk(): CancellationToken {
    return this.#talk.token;
  }

  /** @returns the operation as it is there by then. @throws KtrdrError `not_found` when the host does not know it. */
  tell(): Promise<Operation> {
    const { client, context } = this.#options;
    const { id, token } = context;
    return client.call(
      cancelOperation,
      { params: { id }, body: { reason: token.reason ?? 'user' } },
      { token: this.talk },
    );
  }

  /** The same for whoever follows the operation, and so hears what has become of it. */
  async relay(): Promise<void> {
    const { client, context } = this.#options;
    try {
      await this.tell();
    } catch (thrown) {
      const { message, retryable } = KtrdrError.from(thrown);
      context.log.debug('the host did not take the cancel', { service: client.service, error: message });
      // Services are mostly stopped together: one that is gone is not waited for.
      if (retryable && context.token.reason === 'shutdown') this.#talk.cancel('shutdown');
    }
  }

  /** What a cancelled operation ends with when the host has not said that it has stopped. */
  unconfirmed(cause: unknown): KtrdrError {
    const { client, context } = this.#options;
    const { service } = client;
    const { id, token, log } = context;
    log.warn('a cancel was not confirmed in time', { service, error: KtrdrError.from(cause).message });
    const details = { service, operation: id, unconfirmed: true };
    return cancelledError(token.reason ?? 'user', `operation "${id}", which ${service} has not confirmed`, details);
  }

  [Symbol.dispose](): void {
    this.#grace?.[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
  }
}
