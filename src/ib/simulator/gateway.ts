import { KtrdrError } from '../../base/index.ts';
import {
  contractDetailsEnd,
  currentTime,
  currentTimeInMillis,
  emptyAnswer,
  errorMessage,
  managedAccounts,
  nextValidId,
  symbolSamples,
} from './protocol/answers.ts';
import type { Connection } from './connection.ts';
import { contractDetails } from './instruments/contract-details.ts';
import { findInstruments, searchInstruments } from './instruments/contract-search.ts';
import type { GatewayContext } from './gateway-context.ts';
import { HistoryDesk } from './history/history-desk.ts';
import type { Instrument } from './instruments/instruments.ts';
import { announcements, refusals, type Notice } from './protocol/notices.ts';
import type { ListedRequest } from './open-requests.ts';
import { decodeRequest, type ContractQuery, type GatewayRequest } from './protocol/requests.ts';
import { MessageRate } from './rules.ts';

/** An account of this name is a paper account. */
const account = 'DU1234567';

/** The real gateway serves this many clients and lets no other in. */
const mostClients = 32;

/** The gateway behind the sockets: sessions, contracts and accounts; history has a desk of its own. */
export class Gateway {
  readonly #context: GatewayContext;
  readonly #history: HistoryDesk;
  readonly #clients = new Map<Connection, MessageRate>();
  readonly #onRequest: (request: GatewayRequest, connection: Connection) => void;

  /** `onRequest` hears of every request of a session before it is answered. */
  constructor(context: GatewayContext, onRequest: (request: GatewayRequest, connection: Connection) => void) {
    this.#context = context;
    this.#onRequest = onRequest;
    this.#history = new HistoryDesk(context, {
      tell: (connection, reqId, notice) => this.#tell(connection, notice, reqId),
      resolve: (contract) => this.#resolve(contract),
    });
  }

  connected(connection: Connection): void {
    this.#context.counters.connections += 1;
    this.#clients.set(connection, new MessageRate());
  }

  disconnected(connection: Connection): void {
    this.#clients.delete(connection);
    this.#history.drop(connection);
  }

  get sessions(): readonly Connection[] {
    return [...this.#clients.keys()].filter(({ clientId }) => clientId !== undefined);
  }

  get openRequests(): ListedRequest[] {
    return this.#history.open;
  }

  /** Tells every client that has started its session. */
  announce(...notices: readonly Notice[]): void {
    for (const connection of this.sessions) for (const notice of notices) this.#tell(connection, notice);
  }

  /** Ends the live bars of the connections that are concerned. */
  bust(concerns: (connection: Connection) => boolean): void {
    const concerned = new Map(this.sessions.filter(concerns).map((connection) => [connection.number, connection]));
    this.#history.bust(
      (number) => concerned.has(number),
      (number, reqId) => {
        const connection = concerned.get(number);
        if (connection !== undefined) this.#tell(connection, refusals.bust, reqId);
      },
    );
  }

  receive(fields: readonly string[], connection: Connection): void {
    const rate = this.#clients.get(connection);
    if (rate === undefined) return;
    this.#context.counters.messages += 1;
    if (!this.#withinRate(connection, rate)) return;
    try {
      const request = decodeRequest(fields);
      this.#onRequest(request, connection);
      this.#handle(request, connection);
    } catch (error) {
      if (!(error instanceof KtrdrError) || error.code !== 'invalid_input') throw error;
      this.#tell(connection, refusals.unreadable(error.message), Number(error.details['reqId'] ?? -1));
    }
  }

  #handle(request: GatewayRequest, connection: Connection): void {
    if (request.kind === 'start_api') return this.#start(connection, request.clientId);
    if (connection.clientId === undefined) {
      this.#context.log.warn('request before the start of the session ignored', {
        connection: connection.number,
        request: request.kind,
      });
      return;
    }
    switch (request.kind) {
      case 'contract_details':
        return this.#describe(request, connection);
      case 'history':
        return this.#history.request(request, connection);
      case 'cancel_history':
        return this.#history.cancel(request.reqId, connection);
      case 'head_timestamp':
        return this.#history.requestHead(request, connection);
      case 'cancel_head_timestamp':
        return this.#history.cancelHead(request.reqId, connection);
      case 'matching_symbols':
        return connection.send(
          symbolSamples(
            request.reqId,
            searchInstruments(this.#context.instruments, request.pattern),
            connection.version,
          ),
        );
      case 'current_time':
        return connection.send(currentTime(this.#context.now()));
      case 'current_time_in_millis':
        return connection.send(currentTimeInMillis(this.#context.now()));
      case 'managed_accounts':
        return connection.send(managedAccounts(account));
      case 'next_id':
        return connection.send(nextValidId(1));
      case 'nothing_to_tell':
        return connection.send(emptyAnswer(request.about));
      case 'ignored':
        this.#context.log.debug('message ignored', { connection: connection.number, id: request.id });
        return;
    }
    request satisfies never;
  }

  #start(connection: Connection, id: number): void {
    if (connection.clientId !== undefined) return;
    const others = this.sessions;
    if (others.some(({ clientId }) => clientId === id)) {
      this.#tell(connection, refusals.clientIdInUse);
      connection.closeWhenSent();
      return;
    }
    if (others.length >= mostClients) {
      this.#context.log.warn('client refused: the gateway is full', { client: id, clients: others.length });
      connection.close();
      return;
    }
    connection.clientId = id;
    connection.send(managedAccounts(account));
    if (this.#context.faults.strike('no_next_valid_id', connection.target) === undefined)
      connection.send(nextValidId(1));
    for (const notice of this.#greeting) this.#tell(connection, notice);
  }

  /** How it stands with the servers, told to each client that comes. */
  get #greeting(): readonly Notice[] {
    const { faults } = this.#context;
    const { connectivityBroken, marketDataUp, historyUp, definitionsUp } = announcements;
    const { marketDataDown, historyDown, definitionsDown } = announcements;
    if (faults.has('connectivity_lost')) return [connectivityBroken];
    if (faults.has('farm_down')) return [marketDataDown, historyDown, definitionsDown];
    return [marketDataUp, historyUp, definitionsUp];
  }

  #describe({ reqId, contract }: { reqId: number; contract: ContractQuery }, connection: Connection): void {
    const found = this.#find(contract);
    if (found.length === 0) return this.#tell(connection, refusals.unknownContract, reqId);
    const { version } = connection;
    for (const instrument of found)
      connection.send(contractDetails({ reqId, version, now: this.#context.now() }, instrument));
    connection.send(contractDetailsEnd(reqId));
    const target = { ...connection.target, request: reqId, symbol: contract.symbol };
    if (this.#context.faults.strike('duplicate_end', target) !== undefined) connection.send(contractDetailsEnd(reqId));
  }

  /** The one instrument that a data request means. */
  #resolve(contract: ContractQuery): Instrument | Notice {
    const [instrument, ...others] = this.#find(contract);
    if (instrument === undefined) return refusals.unknownContract;
    if (others.length > 0) return refusals.ambiguousContract(contract.symbol || contract.localSymbol);
    return contract.exchange === '' ? refusals.noExchange : instrument;
  }

  /** While the link to the servers is lost, a gateway knows no contract and says that there is none. */
  #find(contract: ContractQuery): Instrument[] {
    return this.#context.faults.has('connectivity_lost')
      ? []
      : findInstruments(this.#context.instruments, contract, this.#context.now());
  }

  #withinRate(connection: Connection, rate: MessageRate): boolean {
    if (!this.#context.enforcePacing) return true;
    const verdict = rate.admit(this.#context.timers.elapsed());
    if (verdict === 'ok') return true;
    this.#context.broken('message_rate', connection.number);
    this.#tell(connection, refusals.messageRate);
    if (verdict === 'out') connection.closeWhenSent();
    return false;
  }

  #tell(connection: Connection, notice: Notice, reqId = -1): void {
    connection.send(errorMessage(notice, { reqId, version: connection.version, now: this.#context.now() }));
  }
}
