import { EventName, IBApi, SecType, type Contract, type ContractDetails } from '@stoqey/ib';
import { afterEach } from 'vitest';
import {
  startGatewaySimulator,
  type GatewaySimulator,
  type GatewaySimulatorOptions,
} from '../../src/ib/simulator/index.ts';

/** Friday noon in New York. */
export const now = Date.parse('2025-06-13T16:00:30Z');

export const apple: Contract = { symbol: 'AAPL', secType: SecType.STK, exchange: 'SMART', currency: 'USD' };
export const euro: Contract = { symbol: 'EUR', secType: SecType.CASH, exchange: 'IDEALPRO', currency: 'USD' };

const open: AsyncDisposable[] = [];

/** Starts a gateway for one test; it and its clients are gone when the test ends. */
export async function start(options: GatewaySimulatorOptions = {}): Promise<GatewaySimulator> {
  const simulator = await startGatewaySimulator({ clock: { now: () => now }, ...options });
  open.push(simulator);
  return simulator;
}

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

/** The client's requests as the protocol has them: its enumerations are texts, and wrong texts are tested too. */
interface TextRequests {
  reqHistoricalData(
    id: number,
    contract: Contract,
    end: string,
    duration: string,
    barSize: string,
    what: string,
    rth: number,
    formatDate: number,
    keepUpToDate: boolean,
  ): unknown;
  reqHeadTimestamp(id: number, contract: Contract, what: string, rth: boolean, formatDate: number): unknown;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

export interface HistoryOptions {
  id?: number;
  contract: Contract;
  duration: string;
  barSize: string;
  end: string;
  what?: string;
  rth?: number;
  formatDate?: number;
}

interface Row {
  date: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

interface HistoryAnswer {
  bars: Row[];
  end?: string;
  error?: { code: number; message: string };
}

/** The unmodified client with promises around what the tests need. */
export async function connect(simulator: GatewaySimulator, clientId = 1) {
  const api = new IBApi({ port: simulator.port, host: simulator.host, clientId });
  const client = {
    api,
    accounts: '',
    disconnected: false,
    notices: [] as { code: number; message: string }[],
    errors: [] as { code: number; reqId: number; message: string }[],
    rows: [] as Row[],
    until: (holds: () => boolean) => until(api, holds),
    details: (contract: Contract) => details(api, contract),
    head: (contract: Contract, formatDate: number, options: { id?: number; cancel?: boolean } = {}) =>
      head(api, { contract, formatDate, ...options }),
    history: (options: HistoryOptions) => history(api, options),
    currentTime: () => new Promise<number>((resolve) => void api.once(EventName.currentTime, resolve).reqCurrentTime()),
    search: (pattern: string) => search(api, pattern),
    schedule: (contract: Contract, duration: string) => schedule(api, contract, duration),
  };
  api.on(EventName.disconnected, () => (client.disconnected = true));
  api.on(EventName.info, (message, code) => client.notices.push({ code, message }));
  api.on(EventName.error, ({ message }, code, reqId) => client.errors.push({ code, reqId, message }));
  api.on(EventName.historicalData, (_, date, open, high, low, close, volume) => {
    if (!date.startsWith('finished')) client.rows.push({ date, open, high, low, close, volume });
  });
  open.push({
    async [Symbol.asyncDispose]() {
      api.removeAllListeners();
      api.disconnect();
    },
  });
  await new Promise<void>((resolve, reject) => {
    api.once(EventName.managedAccounts, (accounts) => (client.accounts = accounts));
    api.once(EventName.nextValidId, () => resolve());
    api.once(EventName.disconnected, () =>
      reject(new Error(`turned away: ${client.notices.map(({ code }) => code).join()}`)),
    );
    api.connect();
  });
  return client;
}

let lastId = 0;

function until(api: IBApi, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return;
      clearInterval(timer);
      resolve();
    };
    const timer = setInterval(look, 2);
    api.on(EventName.all, look);
    look();
  });
}

function details(api: IBApi, contract: Contract): Promise<ContractDetails[]> {
  lastId += 1;
  const id = lastId;
  const found: ContractDetails[] = [];
  return new Promise((resolve, reject) => {
    api.on(EventName.contractDetails, (reqId, one) => void (reqId === id && found.push(one)));
    api.on(EventName.contractDetailsEnd, (reqId) => void (reqId === id && resolve(found)));
    api.on(
      EventName.error,
      ({ message }, code, reqId) => void (reqId === id && reject(Object.assign(new Error(message), { code }))),
    );
    api.reqContractDetails(id, contract);
  });
}

interface HeadOptions {
  contract: Contract;
  formatDate: number;
  id?: number;
  cancel?: boolean;
}

function head(api: IBApi, { contract, formatDate, id = (lastId += 1), cancel = true }: HeadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    api.on(EventName.headTimestamp, (reqId, text) => {
      if (reqId !== id) return;
      if (cancel) api.cancelHeadTimestamp(id);
      resolve(text);
    });
    api.on(EventName.error, ({ message }, _, reqId) => void (reqId === id && reject(new Error(message))));
    (api as TextRequests).reqHeadTimestamp(id, contract, 'TRADES', true, formatDate);
  });
}

function history(
  api: IBApi,
  { id = (lastId += 1), contract, duration, barSize, end, what = 'TRADES', rth = 1, formatDate = 2 }: HistoryOptions,
) {
  const bars: Row[] = [];
  return new Promise<HistoryAnswer>((resolve) => {
    const finish = (answer: HistoryAnswer): void => {
      api.off(EventName.historicalData, take);
      api.off(EventName.error, fail);
      resolve(answer);
    };
    const take = (
      reqId: number,
      date: string,
      open: number,
      high: number,
      low: number,
      close: number,
      volume: number,
    ): void => {
      if (reqId !== id) return;
      if (date.startsWith('finished')) finish({ bars, end: date });
      else bars.push({ date, open, high, low, close, volume });
    };
    const fail = ({ message }: Error, code: number, reqId: number): void => {
      if (reqId === id) finish({ bars, error: { code, message } });
    };
    api.on(EventName.historicalData, take);
    api.on(EventName.error, fail);
    (api as TextRequests).reqHistoricalData(id, contract, end, duration, barSize, what, rth, formatDate, false);
  });
}

function search(api: IBApi, pattern: string): Promise<string[]> {
  return new Promise((resolve) => {
    api.on(EventName.symbolSamples, (_, found) =>
      resolve(found.map(({ contract }) => `${contract?.symbol}.${contract?.currency}`)),
    );
    api.reqMatchingSymbols((lastId += 1), pattern);
  });
}

function schedule(api: IBApi, contract: Contract, duration: string): Promise<unknown> {
  return new Promise((resolve) => {
    (api as TextRequests).on(EventName.historicalSchedule, (...values: unknown[]) => resolve(values[4]));
    (api as TextRequests).reqHistoricalData((lastId += 1), contract, '', duration, '1 day', 'SCHEDULE', 1, 1, false);
  });
}

/** Past the client's own limit of messages per second. */
export function rawSend(api: IBApi, fields: readonly (string | number)[]): void {
  const { controller } = api as unknown as {
    controller: { socket: { send(tokens: readonly (string | number)[]): void } };
  };
  controller.socket.send([...fields]);
}
