import { CancellationSource, type CancellationToken, type Clock } from '../../async/index.ts';
import { KtrdrError, type Logger } from '../../base/index.ts';
import { allIdsTaken, closedByGateway, cutOff, gatewayClosed, type GatewayAddress } from './gateway-errors.ts';
import { IbSession } from './ib-session.ts';
import { resetAt, type ResetWindow } from '../reset-windows.ts';
import type { SessionTimeouts } from './session-options.ts';
import { unlessCancelled } from '../unless-cancelled.ts';

/** Connecting too often is known to leave a gateway unable to answer anybody. */
export interface ReconnectPolicy {
  /** After a failure, doubled with each further one in a row. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** Before another client id is tried. */
  readonly nextIdMs: number;
  /** How long a request waits for a gateway that is cut off from IB; mostly it is back within seconds. */
  readonly troubleMs: number;
  /** How long requests are held for a data farm that broke; after that they are sent, and IB answers what it can. */
  readonly farmMs: number;
}

/** What a request is held up by before it is asked, and for how long at most. */
export interface SessionWait {
  readonly why: string;
  readonly forMs: number;
}

export const defaultReconnect: ReconnectPolicy = {
  pauseMs: 500,
  longestPauseMs: 10_000,
  nextIdMs: 2_000,
  troubleMs: 10_000,
  farmMs: 30_000,
};

/** A gateway that is restarted by a reset is looked for so often. */
const betweenLooksMs = 30_000;

export interface SessionKeeperOptions {
  readonly address: GatewayAddress;
  /** Tried in this order when one is taken. */
  readonly clientIds: readonly number[];
  readonly timeouts: SessionTimeouts;
  readonly mostMessagesPerSecond: number;
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
  #wasReady = false;
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

  /**
   * An open session whose gateway can answer. In a reset of IB's servers, a gateway that was there before is waited for.
   * A data farm that stays broken holds nothing up for ever: IB may serve from another one without a word.
   * @throws KtrdrError `unavailable` when the gateway cannot be reached, or stays cut off from IB.
   */
  async healthy(token: CancellationToken, onWait: (wait: SessionWait) => void): Promise<IbSession> {
    const { address, clock, reconnect } = this.#options;
    for (let losses = 0; ; losses += 1) {
      const session = await this.#readyAfterReset(token, onWait);
      if (session.trouble === undefined) return session;
      const reset = resetAt(clock.now());
      const { isCutOff, trouble } = session;
      const patienceMs = isCutOff
        ? Math.max(reconnect.troubleMs, reset === undefined ? 0 : reset.end - clock.now())
        : reconnect.farmMs - session.troubledForMs;
      if (patienceMs > 0) {
        onWait({ why: reset === undefined ? trouble : resetText(reset), forMs: patienceMs });
        await this.#whileTroubled(session, patienceMs, token);
      }
      if (session.isOpen && session.trouble !== undefined && session.isCutOff) throw cutOff(address, session.trouble);
      if (session.isOpen) return session;
      if (losses > 0 && reset === undefined) throw closedByGateway(address, true);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shutdown.cancel('shutdown');
    await this.#opening?.catch(() => {});
    this.#session?.close(gatewayClosed(this.#options.address));
  }

  async #readyAfterReset(token: CancellationToken, onWait: (wait: SessionWait) => void): Promise<IbSession> {
    const { clock } = this.#options;
    for (;;) {
      try {
        return await this.ready(token);
      } catch (thrown) {
        const reset = this.#wasReady ? resetAt(clock.now()) : undefined;
        const isGone = thrown instanceof KtrdrError && thrown.code === 'unavailable';
        if (reset === undefined || !isGone || this.#shutdown.token.isCancelled) throw thrown;
        const leftMs = reset.end - clock.now();
        onWait({ why: resetText(reset), forMs: leftMs });
        await clock.sleep(Math.min(leftMs, betweenLooksMs), token);
      }
    }
  }

  async #whileTroubled(session: IbSession, longestMs: number, token: CancellationToken): Promise<void> {
    const isOver = (): boolean => !session.isOpen || session.trouble === undefined;
    using wait = new CancellationSource(token);
    using _ = session.onChange(() => (isOver() ? wait.cancel() : undefined));
    await this.#options.clock.sleep(longestMs, wait.token).catch(() => {});
    token.throwIfCancelled('the wait for the link to IB');
  }

  async #open(): Promise<IbSession> {
    const { clock, log, reconnect, address } = this.#options;
    const { token } = this.#shutdown;
    try {
      await clock.sleep(Math.max(0, this.#notBefore - clock.elapsed()), token);
      const session = await this.#openWithFreeId(token);
      this.#session = session;
      this.#wasReady = true;
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#notBefore = clock.elapsed() + reconnect.pauseMs;
      return session;
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      // More attempts for client ids that are all taken are known to leave a gateway unable to answer anybody.
      const isTaken = error.code === 'conflict';
      const pause = isTaken
        ? reconnect.longestPauseMs
        : Math.min(reconnect.longestPauseMs, reconnect.pauseMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#lastFailure = error;
      this.#notBefore = clock.elapsed() + pause;
      log.warn('gateway connection failed', { ...address, code: error.code, error: error.message, pause });
      throw error;
    }
  }

  async #openWithFreeId(token: CancellationToken): Promise<IbSession> {
    const { clientIds, reconnect, ...common } = this.#options;
    const { address, clock, log } = common;
    for (const [index, clientId] of clientIds.entries()) {
      if (index > 0) await clock.sleep(reconnect.nextIdMs, token);
      try {
        return await IbSession.open({ ...common, clientId }, token);
      } catch (thrown) {
        if (!(thrown instanceof KtrdrError && thrown.code === 'conflict')) throw thrown;
        log.warn('gateway client id is taken', { ...address, clientId });
      }
    }
    throw allIdsTaken(address, clientIds);
  }
}

function resetText({ name, until }: ResetWindow): string {
  return `its ${name} until ${until}`;
}
