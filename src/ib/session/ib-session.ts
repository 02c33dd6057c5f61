import type { ContractDescription, ContractDetails } from '@stoqey/ib';
import { cancelledError, type CancellationToken } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { classify } from './classify.ts';
import { symbolOf, type IbContract } from '../contract.ts';
import type { IbVerdict } from './error-table.ts';
import { clogged, closedByGateway, notReady, silent, unreachable, unreadable } from './gateway-errors.ts';
import type { HistoryAnswer } from '../wire/history-decoder.ts';
import { noIbBars, type IbBars } from '../wire/ib-bars.ts';
import { LinkState } from './link-state.ts';
import { watchPeer } from './peer-watch.ts';
import { PendingAnswers, unanswered } from './pending-answers.ts';
import type { Call, PendingCalls } from './pending-calls.ts';
import { regularHoursOnly, whatToShow, type HistoryQuery } from '../requests.ts';
import type { SessionOptions } from './session-options.ts';
import { createWire, type Wire } from '../wire/wire.ts';

/** Client id taken, version not supported, connection gone. */
const endsSession = new Set([326, 503, 504, 506]);

/**
 * One TCP connection to a gateway, from ready to closed. It is never opened again: whoever needs another one opens a new
 * session, because the library keeps unsent requests over a reconnect and sends them twice.
 */
export class IbSession {
  readonly #options: SessionOptions;
  readonly #wire: Wire;
  readonly #link = new LinkState();
  readonly #pending: PendingAnswers;
  readonly #watchers = new Set<() => void>();
  #hasId = false;
  #hasAccounts = false;
  #accounts: readonly string[] = [];
  #end: KtrdrError | undefined;
  #probing: Disposable | undefined;

  /**
   * Connects and waits until the gateway can be asked.
   * @throws KtrdrError `unavailable` when it cannot be reached or is not ready in time, `conflict` when the client id is
   * taken, `failed_precondition` when its version is not supported, `cancelled`.
   */
  static async open(options: SessionOptions, token: CancellationToken): Promise<IbSession> {
    const wire = await createWire(options);
    const session = new IbSession(options, wire);
    using _ = token.onCancelled(() =>
      session.close(cancelledError(token.reason ?? 'user', 'the connection to the gateway')),
    );
    await session.#becomeReady();
    return session;
  }

  private constructor(options: SessionOptions, wire: Wire) {
    this.#options = options;
    this.#wire = wire;
    this.#pending = new PendingAnswers({
      clock: options.clock,
      messageComingIn: () => wire.messageComingIn,
      onClogged: (forMs) => this.close(clogged(options.address, forMs)),
    });
    wire.onBroken((error) => this.close(unreadable(options.address, error)));
    this.#listen();
  }

  get clientId(): number {
    return this.#options.clientId;
  }

  get serverVersion(): number {
    return this.#wire.api.serverVersion;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Why the gateway cannot answer although it is there; undefined when it can. */
  get trouble(): string | undefined {
    return this.#link.trouble;
  }

  /** True when IB cannot be reached at all; otherwise trouble is with a farm, for which another one may serve. */
  get isCutOff(): boolean {
    return this.#link.isCutOff;
  }

  /** Counts the pieces of messages that have come, while one is coming in; undefined between two messages. */
  get piecesComingIn(): number | undefined {
    return this.#wire.messageComingIn === undefined ? undefined : this.#wire.chunksReceived;
  }

  /** For how long there has been trouble, in milliseconds. */
  get troubledForMs(): number {
    return this.trouble === undefined ? 0 : this.#options.clock.elapsed() - this.#link.troubledSince;
  }

  /** Names the login that IB counts requests by: its accounts, or the gateway where it tells none. */
  get login(): string {
    const { host, port } = this.#options.address;
    return this.#accounts.length > 0 ? `accounts ${this.#accounts.toSorted().join(' ')}` : `gateway ${host}:${port}`;
  }

  /** The instruments that fit, one or more. @throws KtrdrError `not_found`. */
  contractDetails(contract: IbContract, token: CancellationToken): Promise<ContractDetails[]> {
    return this.#ask(this.#pending.details, {
      what: `the contract details of ${symbolOf(contract)}`,
      timeoutMs: this.#options.timeouts.lookupMs,
      token,
      send: (id) => this.#wire.api.reqContractDetails(id, this.#wire.toContract(contract)),
      // The protocol knows no cancel for it.
      abandon: () => {},
    });
  }

  /** The start of the oldest data in epoch seconds as text, or undefined when there is none. */
  async headTimestamp(contract: IbContract, token: CancellationToken): Promise<string | undefined> {
    const { api, toContract } = this.#wire;
    const [head] = await this.#ask(this.#pending.heads, {
      what: `the start of the history of ${symbolOf(contract)}`,
      timeoutMs: this.#options.timeouts.lookupMs,
      token,
      send: (id) => api.reqHeadTimestamp(id, toContract(contract), whatToShow(contract), regularHoursOnly(contract), 2),
      abandon: (id) => api.cancelHeadTimestamp(id),
    });
    return head;
  }

  /** The instruments whose symbol begins with a text or whose name holds it, as IB ranks them. */
  searchSymbols(text: string, token: CancellationToken): Promise<ContractDescription[]> {
    return this.#ask(this.#pending.searches, {
      what: `the instruments that match "${text}"`,
      timeoutMs: this.#options.timeouts.lookupMs,
      token,
      send: (id) => this.#wire.api.reqMatchingSymbols(id, text),
      // The protocol knows no cancel for it.
      abandon: () => {},
    });
  }

  /** The bars of one request in the order in which they came; none when IB says that there are none. */
  async history(query: HistoryQuery, token: CancellationToken): Promise<IbBars> {
    const { api, toBarSize, toContract } = this.#wire;
    const { contract, endDateTime, duration, barSize, whatToShow: kind } = query;
    const useRth = query.regularHoursOnly ? 1 : 0;
    const step = toBarSize(barSize);
    const [bars = noIbBars] = await this.#ask(this.#pending.histories, {
      what: `${duration} of ${barSize} bars of ${symbolOf(contract)} until ${endDateTime} UTC`,
      timeoutMs: this.#options.timeouts.historyMs,
      token,
      send: (id) =>
        api.reqHistoricalData(id, toContract(contract), endDateTime, duration, step, kind, useRth, 2, false),
      abandon: (id) => api.cancelHistoricalData(id),
    });
    return bars;
  }

  /** Calls back after each change of `isOpen` or `trouble`. Disposing stops it. */
  onChange(listener: () => void): Disposable {
    this.#watchers.add(listener);
    return { [Symbol.dispose]: () => void this.#watchers.delete(listener) };
  }

  /** Ends the connection; whatever waits for an answer fails with the reason. Later calls change nothing. */
  close(reason: KtrdrError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#probing?.[Symbol.dispose]();
    const { api } = this.#wire;
    api.removeAllListeners();
    api.disconnect();
    this.#pending.failAll(reason);
    this.#announce();
  }

  #ask<T>(calls: PendingCalls<T>, call: Call): Promise<T[]> {
    if (this.#end !== undefined) return Promise.reject(unanswered(call.what, this.#end));
    return calls.start(call);
  }

  #listen(): void {
    const { api, events } = this.#wire;
    const { details, heads, searches } = this.#pending;
    api.on(events.nextValidId, () => this.#change(() => (this.#hasId = true)));
    api.on(events.managedAccounts, (list) => {
      this.#accounts = list.split(',').filter((account) => account !== '');
      this.#change(() => (this.#hasAccounts = true));
    });
    api.on(events.contractDetails, (id, each) => details.add(id, each));
    api.on(events.contractDetailsEnd, (id) => details.finish(id));
    api.on(events.symbolSamples, (id, found) => {
      for (const each of found) searches.add(id, each);
      searches.finish(id);
    });
    api.on(events.headTimestamp, (id, text) => {
      heads.add(id, text);
      // It stays open at the gateway, and counts there, until it is cancelled.
      if (heads.finish(id)) api.cancelHeadTimestamp(id);
    });
    this.#wire.onHistory((answer) => this.#takeHistory(answer));
    api.on(events.info, (text, code) => this.#hear(code, text));
    api.on(events.error, ({ message }, code, id) => {
      if (id === -1) this.#hear(code, message);
      else this.#settle(id, code, message);
    });
    api.on(events.disconnected, () =>
      this.close(closedByGateway(this.#options.address, this.#hasId && this.#hasAccounts)),
    );
  }

  #takeHistory({ reqId, bars, fault, surplus }: HistoryAnswer): void {
    const { histories } = this.#pending;
    if (surplus > 0) this.#options.log.warn('history answer longer than announced', { reqId, surplus });
    if (fault !== undefined) {
      const sentence = (what: string): string =>
        `IB answered the request for ${what} with damaged data: ${fault}. Load again; if that continues, restart TWS or IB Gateway.`;
      histories.fail(reqId, (what) => new KtrdrError('data_corrupt', sentence(what)));
    } else if (bars.length === 0) {
      const verdict = { outcome: 'empty', sentence: 'IB answered without a bar.' } as const;
      this.#pending.settle(reqId, this.#believed(verdict, reqId), {});
    } else {
      if (this.trouble !== undefined) this.#change(() => this.#link.historyServed(this.#options.clock.elapsed()));
      histories.add(reqId, bars);
      histories.finish(reqId);
    }
  }

  /** A message about the connection itself. */
  #hear(code: number, text: string): void {
    const { log, address } = this.#options;
    const verdict = this.#understand(code, text);
    if (this.#link.hear(code, text, this.#options.clock.elapsed())) {
      log.info('gateway link', { code, text, trouble: this.#link.trouble });
      if (code === 1101) {
        const reason = new KtrdrError('unavailable', verdict.sentence);
        this.#pending.histories.failAll((what) => unanswered(what, reason));
      }
      this.#announce();
    } else if (code === 502) {
      this.close(unreachable(address, text));
    } else if (verdict.outcome === 'error' && endsSession.has(code)) {
      this.close(new KtrdrError(verdict.code, verdict.sentence, { details: { ibCode: code, ...address } }));
    } else {
      log[verdict.outcome === 'error' ? 'warn' : 'debug']('gateway message', { code, text });
    }
  }

  /** A message about one request. */
  #settle(id: number, code: number, text: string): void {
    const isAwaited = this.#pending.settle(id, this.#believed(this.#understand(code, text), id), { ibCode: code });
    if (!isAwaited) this.#options.log.debug('gateway message for no request', { id, code, text });
  }

  #understand(code: number, text: string): IbVerdict {
    const verdict = classify(code, text);
    if (verdict.outcome === 'error' && verdict.code === 'rate_limited') this.#options.onPaceComplaint();
    return verdict;
  }

  /** A gateway that is cut off from IB calls every instrument unknown and every range empty. */
  #believed(verdict: IbVerdict, id: number): IbVerdict {
    const doubt = this.#doubtOf(verdict, this.#pending.askedAt(id));
    if (doubt === undefined) return verdict;
    const sentence = `${verdict.sentence} But ${doubt}, so this is not believed. Try again when it is back.`;
    return { outcome: 'error', code: 'unavailable', sentence };
  }

  /** Why it is not believed that there is nothing; undefined when it is. */
  #doubtOf(verdict: IbVerdict, askedAt: number | undefined): string | undefined {
    if (verdict.outcome === 'empty') return this.#link.troubleWith('history', askedAt);
    if (verdict.outcome === 'error' && verdict.code === 'not_found') {
      return this.#link.troubleWith('definitions', askedAt);
    }
    return undefined;
  }

  async #becomeReady(): Promise<void> {
    const { address, clientId, clock, timeouts, log } = this.#options;
    using connecting = clock.after(timeouts.connectMs, () => this.close(notReady(address, timeouts.connectMs)));
    if (this.isOpen) this.#wire.connect(clientId);
    await this.#until(() => this.#hasId && this.#hasAccounts);
    connecting[Symbol.dispose]();
    let isPatient = true;
    using _ = clock.after(timeouts.farmsMs, () => this.#change(() => (isPatient = false)));
    await this.#until(() => this.#link.isAnnounced || !isPatient);
    this.#probing = watchPeer({
      clock,
      intervalMs: timeouts.probeMs,
      ask: () => this.#wire.api.reqCurrentTime(),
      // Any bytes will do: while a long answer comes in, the answer to the question waits behind it.
      signsOfLife: () => this.#wire.chunksReceived,
      onDead: (silentMs) => this.close(silent(address, silentMs)),
    });
    log.info('gateway session open', { ...address, clientId, version: this.serverVersion, trouble: this.trouble });
  }

  /** Waits for a state. @throws the reason when the session ends before. */
  async #until(holds: () => boolean): Promise<void> {
    while (this.#end === undefined && !holds()) {
      await new Promise<void>((resolve) => {
        const listening = this.onChange(() => {
          listening[Symbol.dispose]();
          resolve();
        });
      });
    }
    if (this.#end !== undefined) throw this.#end;
  }

  #change(change: () => void): void {
    change();
    this.#announce();
  }

  #announce(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
