import type { ContractDescription, ContractDetails } from '@stoqey/ib';
import type { CancellationToken, Clock } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import { symbolOf, type IbContract } from './contract.ts';
import type { GatewayAddress } from './session/gateway-errors.ts';
import type { GatewayStatus } from './gateway-status.ts';
import type { IbBars } from './wire/ib-bars.ts';
import type { IbSession } from './session/ib-session.ts';
import { isUnanswered } from './session/pending-answers.ts';
import { LoginPacing } from './pacing/login-pacing.ts';
import { defaultPacingLimits, type PacedRequest, type PacingLimits } from './pacing/pacing.ts';
import type { Booking, PacingWait } from './pacing/pacing-queue.ts';
import { whatToShow, type HistoryQuery } from './requests.ts';
import { defaultReconnect, SessionKeeper, type ReconnectPolicy } from './session/session-keeper.ts';
import { defaultTimeouts, type SessionTimeouts } from './session/session-options.ts';
import { SharedCalls, type Ask } from './shared-calls.ts';
import { TimedCache } from './timed-cache.ts';
import { WaitingPhase } from './pacing/waiting-phase.ts';

/** IB Gateway listens at 4001 and 4002, TWS at 7496 and 7497: live and paper. */
export interface IbGatewayOptions extends GatewayAddress {
  /** Every program at one gateway needs its own; when it is taken the two after it are tried. */
  readonly clientId?: number;
  readonly timeouts?: Partial<SessionTimeouts>;
  readonly pacing?: Partial<PacingLimits>;
  readonly reconnect?: Partial<ReconnectPolicy>;
  /** Where requests under IB's hard rules, and its pauses, are remembered over restarts; without it they are not. */
  readonly journal?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** More attempts are known to leave a gateway unable to answer anybody. */
const idsToTry = 3;

/** IB complains at times about a pace that keeps its rules; a request is sent again so often, after the pause it asks for. */
const complaintsTaken = 3;

/** IB counts over ten minutes: complaints that go on for longer, about whatever is asked, have another cause. */
const longestComplaintsMs = 900_000;

/** The library's own limit lies above that of our queue: probes and cancels go past the queue. */
const libraryHeadroom = 2;

const searchEveryMs = 1_000;

/** A gateway as the rest of the room uses it: connected when needed, and asked no faster than IB allows. */
export class IbGateway implements AsyncDisposable {
  readonly #address: GatewayAddress;
  readonly #sessions: SessionKeeper;
  readonly #pacing: LoginPacing;
  readonly #timeouts: SessionTimeouts;
  readonly #clock: Clock;
  readonly #shared = {
    details: new SharedCalls<ContractDetails[]>(),
    heads: new SharedCalls<string | undefined>(),
    searches: new SharedCalls<ContractDescription[]>(),
  };
  /** When IB takes the next search, by `elapsed`. */
  #nextSearchAt = 0;
  /**
   * For the time in which IB wants no identical request, its answer serves who asks again: every one of them, because
   * one that was forgotten could not be asked for. IB's own rates keep them few.
   */
  readonly #histories: TimedCache<IbBars>;

  constructor({ host, port, clientId = 1, timeouts, pacing, reconnect, journal, clock, log }: IbGatewayOptions) {
    this.#address = { host, port };
    this.#clock = clock;
    this.#timeouts = { ...defaultTimeouts, ...timeouts };
    const limits = { ...defaultPacingLimits, ...pacing };
    this.#histories = new TimedCache({ clock, lifeMs: limits.identicalMs });
    this.#pacing = new LoginPacing({ limits, clock, ...(journal === undefined ? {} : { folder: journal }) });
    this.#sessions = new SessionKeeper({
      address: this.#address,
      clientIds: Array.from({ length: idsToTry }, (_, index) => clientId + index),
      timeouts: this.#timeouts,
      mostMessagesPerSecond: (libraryHeadroom * limits.messages.count * 1_000) / limits.messages.ms,
      reconnect: { ...defaultReconnect, ...reconnect },
      clock,
      log,
      onPaceComplaint: () => this.#pacing.current.pauseAfterComplaint(),
    });
  }

  /** The instruments that fit, one or more. @throws KtrdrError `not_found`. */
  contractDetails(contract: IbContract, ask: Ask): Promise<ContractDetails[]> {
    const instrument = symbolOf(contract);
    const request = { kind: 'message', key: `details ${instrument}`, instrument, weight: 1 } as const;
    return this.#shared.details.run(request.key, ask, (shared) =>
      this.#send({ request, effort: 'details' }, shared, (session) => session.contractDetails(contract, shared.token)),
    );
  }

  /** The start of the oldest data in epoch seconds as text, or undefined when there is none. */
  headTimestamp(contract: IbContract, ask: Ask): Promise<string | undefined> {
    const instrument = pacedName(contract);
    const request = { kind: 'small', key: `head ${instrument}`, instrument, weight: 1 } as const;
    return this.#shared.heads.run(request.key, ask, (shared) =>
      this.#send({ request, effort: 'head' }, shared, (session) => session.headTimestamp(contract, shared.token)),
    );
  }

  /** The instruments that match a text. IB takes one search a second; others wait for their turn. */
  searchSymbols(text: string, ask: Ask): Promise<ContractDescription[]> {
    const request = { kind: 'message', key: `search ${text}`, instrument: text, weight: 1 } as const;
    return this.#shared.searches.run(request.key, ask, async (shared) => {
      const now = this.#clock.elapsed();
      const at = Math.max(now, this.#nextSearchAt);
      this.#nextSearchAt = at + searchEveryMs;
      if (at > now) await this.#clock.sleep(at - now, shared.token);
      return this.#send({ request, effort: 'search' }, shared, (session) => session.searchSymbols(text, shared.token));
    });
  }

  /** The bars of one request in the order in which they came; none when IB says that there are none. */
  history(query: HistoryQuery, ask: Ask): Promise<IbBars> {
    const { contract, duration, barSize } = query;
    const key = keyOf(query);
    const request = { kind: 'history', key, instrument: pacedName(contract), weight: 1 } as const;
    return this.#histories.get(key, ask, (shared) =>
      this.#send({ request, effort: `${duration} of ${barSize}` }, shared, (session) =>
        session.history(query, shared.token),
      ),
    );
  }

  /** The answer to a query turned out to be damaged: who asks next gets another one. */
  refuse(query: HistoryQuery): void {
    this.#histories.forget(keyOf(query));
  }

  /** Connects when there is no connection. @throws KtrdrError `unavailable` and what else keeps a session from opening. */
  async connect(token: CancellationToken): Promise<void> {
    await this.#sessions.ready(token);
  }

  status(): GatewayStatus {
    const { session, isOpening, lastFailure } = this.#sessions;
    const { inFlight, waiting, budget } = this.#pacing.current;
    const common = { ...this.#address, requests: { inFlight, waiting }, budget };
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
    { request, effort }: { request: PacedRequest; effort: string },
    { token, onPhase }: Required<Ask>,
    act: (session: IbSession) => Promise<T>,
  ): Promise<T> {
    using waiting = new WaitingPhase(this.#clock, onPhase);
    const onWait = (wait: PacingWait): void => waiting.forLeave(wait);
    const healthy = async (): Promise<IbSession> => {
      if (this.#sessions.session === undefined) onPhase('connecting to the gateway');
      return await this.#sessions.healthy(token, onWait);
    };
    const withinMs = request.kind === 'history' ? this.#timeouts.historyMs : this.#timeouts.lookupMs;
    const sendNow = async (booking: Booking): Promise<T> => {
      const session = await healthy().catch((thrown: unknown) => {
        booking.withdraw();
        throw thrown;
      });
      waiting.forAnswer({ withinMs, piecesComingIn: () => session.piecesComingIn });
      try {
        return await act(session);
      } catch (thrown) {
        // After a complaint there is a pause, and nothing that would be repeated.
        if (isUnanswered(thrown) || isComplaint(thrown)) booking.loseAnswer();
        throw thrown;
      } finally {
        waiting.stop();
      }
    };
    for (let complaints = 0; ; complaints += 1) {
      const pacing = this.#pacing.of(await healthy());
      try {
        return await pacing.run(request, sendNow, { token, effort, onWait });
      } catch (thrown) {
        if (!isComplaint(thrown) || complaints === complaintsTaken) throw thrown;
        if (pacing.complainedForMs >= longestComplaintsMs) throw withPause(thrown, pacing.budget.pausedMs);
      }
    }
  }
}

function isComplaint(thrown: unknown): thrown is KtrdrError {
  return thrown instanceof KtrdrError && thrown.code === 'rate_limited';
}

/** Tells those who would ask again how long that makes no sense. */
function withPause({ code, message, details, cause }: KtrdrError, retryAfterMs: number): KtrdrError {
  return new KtrdrError(code, message, { cause, details: { ...details, retryAfterMs } });
}

/** Equal for what IB would call identical. */
function keyOf({ contract, endDateTime, duration, barSize }: HistoryQuery): string {
  return [pacedName(contract), endDateTime, duration, barSize].join(' ');
}

/** What IB counts bursts by. */
function pacedName(contract: IbContract): string {
  return `${symbolOf(contract)}@${contract.exchange} ${whatToShow(contract)}`;
}
