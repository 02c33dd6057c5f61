import { CancellationSource, type CancellationToken, type Clock } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import { allIdsTaken, cutOff, gatewayClosed, type GatewayAddress } from './gateway-errors.ts';
import { IbSession } from './ib-session.ts';
import type { SessionTimeouts } from './session-options.ts';
import { unlessCancelled } from './unless-cancelled.ts';

/** Connecting too often is known to leave a gateway unable to answer anybody. */
export interface ReconnectPolicy {
  /** After a failure, doubled with each further one in a row. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** Before another client id is tried. */
  readonly nextIdMs: number;
  /** How long a request waits for a gateway that is cut off from IB; mostly it is back within seconds. */
  readonly troubleMs: number;
}

export const defaultReconnect: ReconnectPolicy = {
  pauseMs: 500,
  longestPauseMs: 10_000,
  nextIdMs: 2_000,
  troubleMs: 10_000,
};

export interface SessionKeeperOptions {
  readonly address: GatewayAddress;
  /** Tried in this order when one is taken. */
  readonly clientIds: readonly number[];
  readonly timeouts: SessionTimeouts;
  readonly reconnect: ReconnectPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onPaceComplaint: () => void;
}

/** Keeps at most one session to a gateway: opened on first use, opened anew on the next use after a loss. */
export class SessionKeeper implements AsyncDisposable {
  readonly #options: SessionKeeperOptions;
  readonly #shutdown = new CancellationSource();
  #session: IbSession | undefined;
  #opening: Promise<IbSession> | undefined;
  #failures = 0;
  #lastFailure: KtrdrError | undefined;
  #notBefore = -Infinity;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** The open session, if there is one now. */
  get session(): IbSession | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** Why the last attempt to connect failed; undefined once one has succeeded. */
  get lastFailure(): KtrdrError | undefined {
    return this.#lastFailure;
  }

  /** An open session. Everybody who asks meanwhile shares one attempt; a cancel ends only the own wait for it. */
  ready(token: CancellationToken): Promise<IbSession> {
    if (this.#shutdown.token.isCancelled) return Promise.reject(gatewayClosed(this.#options.address));
    if (this.session !== undefined) return Promise.resolve(this.session);
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return unlessCancelled(this.#opening, token, 'the connection to the gateway');
  }

  /** An open session whose gateway has a link to IB. @throws KtrdrError `unavailable` when the link stays down. */
  async healthy(token: CancellationToken, onTrouble: () => void): Promise<IbSession> {
    const session = await this.ready(token);
    if (session.trouble === undefined) return session;
    onTrouble();
    const { address, clock, reconnect } = this.#options;
    const isOver = (): boolean => !session.isOpen || session.trouble === undefined;
    using wait = new CancellationSource(token);
    using _ = session.onChange(() => (isOver() ? wait.cancel() : undefined));
    await clock.sleep(reconnect.troubleMs, wait.token).catch(() => {});
    token.throwIfCancelled('the wait for the link to IB');
    if (!session.isOpen) return this.ready(token);
    if (session.trouble !== undefined) throw cutOff(address, session.trouble);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shutdown.cancel('shutdown');
    await this.#opening?.catch(() => {});
    this.#session?.close(gatewayClosed(this.#options.address));
  }

  async #open(): Promise<IbSession> {
    const { clock, log, reconnect, address } = this.#options;
    const { token } = this.#shutdown;
    try {
      await clock.sleep(Math.max(0, this.#notBefore - clock.elapsed()), token);
      const session = await this.#openWithFreeId(token);
      this.#session = session;
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#notBefore = clock.elapsed() + reconnect.pauseMs;
      return session;
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      const pause = Math.min(reconnect.longestPauseMs, reconnect.pauseMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#lastFailure = error;
      this.#notBefore = clock.elapsed() + pause;
      log.warn('gateway connection failed', { ...address, code: error.code, error: error.message, pause });
      throw error;
    }
  }

  async #openWithFreeId(token: CancellationToken): Promise<IbSession> {
    const { address, clientIds, timeouts, reconnect, clock, log, onPaceComplaint } = this.#options;
    for (const [index, clientId] of clientIds.entries()) {
      if (index > 0) await clock.sleep(reconnect.nextIdMs, token);
      try {
        return await IbSession.open({ address, clientId, timeouts, clock, log, onPaceComplaint }, token);
      } catch (thrown) {
        if (!(thrown instanceof KtrdrError && thrown.code === 'conflict')) throw thrown;
        log.warn('gateway client id is taken', { ...address, clientId });
      }
    }
    throw allIdsTaken(address, clientIds);
  }
}
