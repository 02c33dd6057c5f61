import type { ContractDetails } from '@stoqey/ib';
import type { CancellationToken, Clock } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import { symbolOf, type IbContract } from './contract.ts';
import type { GatewayAddress } from './gateway-errors.ts';
import type { GatewayStatus } from './gateway-status.ts';
import type { IbBars } from './ib-bars.ts';
import type { IbSession } from './ib-session.ts';
import { defaultPacingLimits, type PacedRequest, type PacingLimits } from './pacing.ts';
import { PacingQueue } from './pacing-queue.ts';
import { whatToShow, type HistoryQuery } from './requests.ts';
import { defaultReconnect, SessionKeeper, type ReconnectPolicy } from './session-keeper.ts';
import { defaultTimeouts, type SessionTimeouts } from './session-options.ts';

/** IB Gateway listens at 4001 and 4002, TWS at 7496 and 7497: live and paper. */
export interface IbGatewayOptions extends GatewayAddress {
  /** Every program at one gateway needs its own; when it is taken the two after it are tried. */
  readonly clientId?: number;
  readonly timeouts?: Partial<SessionTimeouts>;
  readonly pacing?: Partial<PacingLimits>;
  readonly reconnect?: Partial<ReconnectPolicy>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** More attempts are known to leave a gateway unable to answer anybody. */
const idsToTry = 3;

/** IB complains at times about a pace that keeps its rules; a request is sent again so often, after the pause it asks for. */
const complaintsTaken = 3;

interface Ask {
  readonly token: CancellationToken;
  /** Told what the request is doing: waiting, and for what, or under way. */
  readonly onPhase?: (phase: string) => void;
}

/** A gateway as the rest of the room uses it: connected when needed, and asked no faster than IB allows. */
export class IbGateway implements AsyncDisposable {
  readonly #address: GatewayAddress;
  readonly #sessions: SessionKeeper;
  readonly #pacing: PacingQueue;

  constructor({ host, port, clientId = 1, timeouts, pacing, reconnect, clock, log }: IbGatewayOptions) {
    this.#address = { host, port };
    this.#pacing = new PacingQueue({ ...defaultPacingLimits, ...pacing }, clock);
    this.#sessions = new SessionKeeper({
      address: this.#address,
      clientIds: Array.from({ length: idsToTry }, (_, index) => clientId + index),
      timeouts: { ...defaultTimeouts, ...timeouts },
      reconnect: { ...defaultReconnect, ...reconnect },
      clock,
      log,
      onPaceComplaint: () => this.#pacing.pauseAfterComplaint(),
    });
  }

  /** The instruments that fit, one or more. @throws KtrdrError `not_found`. */
  contractDetails(contract: IbContract, ask: Ask): Promise<ContractDetails[]> {
    const instrument = symbolOf(contract);
    const request = { kind: 'message', key: `details ${instrument}`, instrument } as const;
    return this.#send(request, ask, (session) => session.contractDetails(contract, ask.token));
  }

  /** The start of the oldest data in epoch seconds as text, or undefined when there is none. */
  headTimestamp(contract: IbContract, ask: Ask): Promise<string | undefined> {
    const instrument = pacedName(contract);
    const request = { kind: 'small', key: `head ${instrument}`, instrument } as const;
    return this.#send(request, ask, (session) => session.headTimestamp(contract, ask.token));
  }

  /** The bars of one request in the order in which they came; none when IB says that there are none. */
  history(query: HistoryQuery, ask: Ask): Promise<IbBars> {
    const { contract, endDateTime, duration, barSize } = query;
    const instrument = pacedName(contract);
    const key = [instrument, endDateTime, duration, barSize].join(' ');
    return this.#send({ kind: 'history', key, instrument }, ask, (session) => session.history(query, ask.token));
  }

  /** Connects when there is no connection. @throws KtrdrError `unavailable` and what else keeps a session from opening. */
  async connect(token: CancellationToken): Promise<void> {
    await this.#sessions.ready(token);
  }

  status(): GatewayStatus {
    const { session, isOpening, lastFailure } = this.#sessions;
    const { inFlight, waiting } = this.#pacing;
    const common = { ...this.#address, requests: { inFlight, waiting } };
    if (session !== undefined) {
      const { clientId, serverVersion, trouble } = session;
      const connected = { ...common, clientId, serverVersion };
      return trouble === undefined ? { ...connected, state: 'ready' } : { ...connected, state: 'degraded', trouble };
    }
    const trouble = lastFailure === undefined ? {} : { trouble: lastFailure.message };
    return { ...common, state: isOpening ? 'connecting' : 'disconnected', ...trouble };
  }

  /** Closes the connection; what is under way fails with `unavailable`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#sessions[Symbol.asyncDispose]();
  }

  /** Looks at the connection before the pacing, so that nothing is booked that cannot be sent, and again after it. */
  async #send<T>(
    request: PacedRequest,
    { token, onPhase = () => {} }: Ask,
    act: (session: IbSession) => Promise<T>,
  ): Promise<T> {
    const healthy = (): Promise<IbSession> => {
      if (this.#sessions.session === undefined) onPhase('connecting to the gateway');
      return this.#sessions.healthy(token, () => onPhase('waiting for the gateway to reach IB'));
    };
    const sendNow = async (): Promise<T> => {
      const session = await healthy();
      onPhase('fetching');
      return act(session);
    };
    await healthy();
    for (let complaints = 0; ; complaints += 1) {
      try {
        return await this.#pacing.run(request, sendNow, { token, onWait: () => onPhase('waiting for pacing') });
      } catch (thrown) {
        const isComplaint = thrown instanceof KtrdrError && thrown.code === 'rate_limited';
        if (!isComplaint || complaints === complaintsTaken) throw thrown;
      }
    }
  }
}

/** What IB counts bursts by. */
function pacedName(contract: IbContract): string {
  return `${symbolOf(contract)}@${contract.exchange} ${whatToShow(contract)}`;
}
