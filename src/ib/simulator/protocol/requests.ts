import { KtrdrError } from '../../../base/index.ts';

/** What a client tells of a contract; empty texts and conId 0 are unset. */
export interface ContractQuery {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  /** Last trading day `yyyymmdd`, or the month alone. */
  readonly expiry: string;
  readonly multiplier: string;
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly includeExpired: boolean;
}

export interface HistoryRequest {
  readonly kind: 'history';
  readonly reqId: number;
  readonly contract: ContractQuery;
  readonly end: string;
  readonly barSize: string;
  readonly duration: string;
  readonly regularHoursOnly: boolean;
  readonly whatToShow: string;
  readonly formatDate: number;
  readonly keepUpToDate: boolean;
}

export interface HeadTimestampRequest {
  readonly kind: 'head_timestamp';
  readonly reqId: number;
  readonly contract: ContractQuery;
  readonly regularHoursOnly: boolean;
  readonly whatToShow: string;
  readonly formatDate: number;
}

export type GatewayRequest =
  | { readonly kind: 'start_api'; readonly clientId: number }
  | { readonly kind: 'contract_details'; readonly reqId: number; readonly contract: ContractQuery }
  | HistoryRequest
  | { readonly kind: 'cancel_history'; readonly reqId: number }
  | HeadTimestampRequest
  | { readonly kind: 'cancel_head_timestamp'; readonly reqId: number }
  | { readonly kind: 'matching_symbols'; readonly reqId: number; readonly pattern: string }
  | { readonly kind: 'current_time' | 'current_time_in_millis' }
  | { readonly kind: 'managed_accounts' }
  | { readonly kind: 'next_id' }
  | { readonly kind: 'nothing_to_tell'; readonly about: EmptyAnswer }
  | { readonly kind: 'ignored'; readonly id: number };

/** Requests for things this gateway never has: orders, positions. Each is answered by its end message. */
export type EmptyAnswer =
  | { readonly of: 'positions' | 'open_orders' | 'completed_orders' }
  | { readonly of: 'executions' | 'account_updates_multi'; readonly reqId: number }
  | { readonly of: 'account_updates'; readonly account: string };

/**
 * Reads a message of a client.
 * @throws KtrdrError `invalid_input` when a field that must be a number is none; `details.reqId` is the request it
 * belongs to, -1 when that is not known.
 */
export function decodeRequest(fields: readonly string[]): GatewayRequest {
  const reader = new FieldReader(fields);
  const id = reader.integer();
  const decode = decoders[id];
  return decode === undefined ? { kind: 'ignored', id } : decode(reader);
}

const decoders: Readonly<Record<number, (reader: FieldReader) => GatewayRequest>> = {
  71: (reader) => ({ kind: 'start_api', clientId: reader.skip(1).integer() }),
  9: (reader) => ({ kind: 'contract_details', reqId: reader.skip(1).requestId(), contract: contractOf(reader) }),
  20: decodeHistory,
  25: (reader) => ({ kind: 'cancel_history', reqId: reader.skip(1).requestId() }),
  87: (reader) => ({
    kind: 'head_timestamp',
    reqId: reader.requestId(),
    contract: contractOf(reader),
    regularHoursOnly: reader.boolean(),
    whatToShow: reader.text(),
    formatDate: reader.integer(),
  }),
  90: (reader) => ({ kind: 'cancel_head_timestamp', reqId: reader.requestId() }),
  81: (reader) => ({ kind: 'matching_symbols', reqId: reader.requestId(), pattern: reader.text() }),
  49: () => ({ kind: 'current_time' }),
  105: () => ({ kind: 'current_time_in_millis' }),
  17: () => ({ kind: 'managed_accounts' }),
  8: () => ({ kind: 'next_id' }),
  14: () => ({ kind: 'ignored', id: 14 }),
  61: () => ({ kind: 'nothing_to_tell', about: { of: 'positions' } }),
  5: () => ({ kind: 'nothing_to_tell', about: { of: 'open_orders' } }),
  16: () => ({ kind: 'nothing_to_tell', about: { of: 'open_orders' } }),
  99: () => ({ kind: 'nothing_to_tell', about: { of: 'completed_orders' } }),
  7: (reader) => ({ kind: 'nothing_to_tell', about: { of: 'executions', reqId: reader.skip(1).requestId() } }),
  76: (reader) => ({
    kind: 'nothing_to_tell',
    about: { of: 'account_updates_multi', reqId: reader.skip(1).requestId() },
  }),
  6: (reader) => ({ kind: 'nothing_to_tell', about: { of: 'account_updates', account: reader.skip(2).text() } }),
};

function decodeHistory(reader: FieldReader): HistoryRequest {
  const reqId = reader.requestId();
  const contract = contractOf(reader);
  const request = {
    kind: 'history',
    reqId,
    contract,
    end: reader.text(),
    barSize: reader.text(),
    duration: reader.text(),
    regularHoursOnly: reader.boolean(),
    whatToShow: reader.text(),
    formatDate: reader.integer(),
  } as const;
  if (contract.secType === 'BAG') reader.skip(4 * reader.integer());
  return { ...request, keepUpToDate: reader.boolean() };
}

/** conId, symbol, secType, expiry, strike, right, multiplier, exchange, primary exchange, currency, local symbol, class, expired. */
function contractOf(reader: FieldReader): ContractQuery {
  return {
    conId: reader.integer(),
    symbol: reader.text(),
    secType: reader.text(),
    expiry: reader.text(),
    multiplier: reader.skip(2).text(),
    exchange: reader.text(),
    primaryExchange: reader.text(),
    currency: reader.text(),
    localSymbol: reader.text(),
    tradingClass: reader.text(),
    includeExpired: reader.boolean(),
  };
}

/** Reads fields in order. A missing field reads as unset, since clients differ in how many optional ones they send. */
class FieldReader {
  readonly #fields: readonly string[];
  #next = 0;
  #reqId = -1;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  skip(count: number): this {
    this.#next += count;
    return this;
  }

  text(): string {
    return this.#fields[this.#next++] ?? '';
  }

  boolean(): boolean {
    const text = this.text();
    return text === '1' || text === 'true';
  }

  integer(): number {
    const text = this.text();
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    throw new KtrdrError('invalid_input', `Unable to parse data. For input string: "${text}" in field ${this.#next}.`, {
      details: { reqId: this.#reqId },
    });
  }

  requestId(): number {
    this.#reqId = this.integer();
    return this.#reqId;
  }
}
