import { KtrdrError } from '../../base/index.ts';
import {
  contractDetailsEnd,
  currentTime,
  emptyAnswer,
  errorMessage,
  managedAccounts,
  nextValidId,
  symbolSamples,
} from './answers.ts';
import type { Connection } from './connection.ts';
import { contractDetails } from './contract-details.ts';
import type { GatewayContext } from './gateway-context.ts';
import { HistoryDesk } from './history-desk.ts';
import { findInstruments, searchInstruments, type Instrument } from './instruments.ts';
import { announcements, refusals, type Notice } from './notices.ts';
import { decodeRequest, type ContractQuery, type GatewayRequest } from './requests.ts';
import { MessageRate } from './rules.ts';

/** An account of this name is a paper account. */
const account = 'DU1234567';

/** The real gateway serves this many clients and lets no other in. */
const mostClients = 32;

/** Who speaks through a connection. */
export interface Client {
  readonly connection: Connection;
  readonly rate: MessageRate;
  /** Undefined until the client has started its session. */
  id?: number;
}

/** The gateway behind the sockets: sessions, contracts and accounts; history has a desk of its own. */
export class Gateway {
  readonly #context: GatewayContext;
  readonly #history: HistoryDesk;
  readonly #clients = new Map<Connection, Client>();

  constructor(context: GatewayContext) {
    this.#context = context;
    this.#history = new HistoryDesk(context, {
      tell: (connection, reqId, notice) => this.#tell(connection, notice, reqId),
      resolve: (contract) => this.#resolve(contract),
    });
  }

  connected(connection: Connection): void {
    this.#context.counters.connections += 1;
    this.#clients.set(connection, { connection, rate: new MessageRate() });
  }

  disconnected(connection: Connection): void {
    this.#clients.delete(connection);
    this.#history.drop(connection);
  }

  /** Tells every client that has started its session. */
  announce(...notices: readonly Notice[]): void {
    for (const { connection, id } of this.#clients.values()) {
      if (id !== undefined) for (const notice of notices) this.#tell(connection, notice);
    }
  }

  receive(fields: readonly string[], connection: Connection): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    this.#context.counters.messages += 1;
    if (!this.#withinRate(client)) return;
    try {
      this.#handle(decodeRequest(fields), client);
    } catch (error) {
      if (!(error instanceof KtrdrError) || error.code !== 'invalid_input') throw error;
      this.#tell(connection, refusals.unreadable(error.message), Number(error.details['reqId'] ?? -1));
    }
  }

  #handle(request: GatewayRequest, client: Client): void {
    const { connection } = client;
    if (request.kind === 'start_api') return this.#start(client, request.clientId);
    if (client.id === undefined) {
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

  #start(client: Client, id: number): void {
    const { connection } = client;
    if (client.id !== undefined) return;
    const others = [...this.#clients.values()].filter((other) => other.id !== undefined);
    if (others.some((other) => other.id === id)) {
      this.#tell(connection, refusals.clientIdInUse);
      connection.closeWhenSent();
      return;
    }
    if (others.length >= mostClients) {
      this.#context.log.warn('client refused: the gateway is full', { client: id, clients: others.length });
      connection.close();
      return;
    }
    client.id = id;
    connection.send(managedAccounts(account));
    if (!this.#context.faults.has('no_next_valid_id')) connection.send(nextValidId(1));
    const { marketDataUp, historyUp, definitionsUp, marketDataDown, historyDown, definitionsDown } = announcements;
    const farms = this.#context.faults.has('farm_down')
      ? [marketDataDown, historyDown, definitionsDown]
      : [marketDataUp, historyUp, definitionsUp];
    for (const notice of farms) this.#tell(connection, notice);
  }

  #describe({ reqId, contract }: { reqId: number; contract: ContractQuery }, connection: Connection): void {
    const found = this.#find(contract);
    if (found.length === 0) return this.#tell(connection, refusals.unknownContract, reqId);
    const { version } = connection;
    for (const instrument of found)
      connection.send(contractDetails({ reqId, version, now: this.#context.now() }, instrument));
    connection.send(contractDetailsEnd(reqId));
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
    return this.#context.faults.has('connectivity_lost') ? [] : findInstruments(this.#context.instruments, contract);
  }

  #withinRate({ connection, rate }: Client): boolean {
    if (!this.#context.enforcePacing) return true;
    const verdict = rate.admit(this.#context.timers.elapsed());
    if (verdict === 'ok') return true;
    this.#context.counters.violations += 1;
    this.#tell(connection, refusals.messageRate);
    if (verdict === 'out') connection.closeWhenSent();
    return false;
  }

  #tell(connection: Connection, notice: Notice, reqId = -1): void {
    connection.send(errorMessage(notice, { reqId, version: connection.version, now: this.#context.now() }));
  }
}
