import { legalBarSizes } from '../bars/bar-size.ts';
import type { Instrument } from '../instruments/instruments.ts';

/** What the gateway says in its own codes and words, whether it refuses a request or tells how it is. */
export class Notice {
  readonly code: number;
  readonly text: string;

  constructor(code: number, text: string) {
    this.code = code;
    this.text = text;
  }
}

const hmds = (text: string): Notice => new Notice(162, `Historical Market Data Service error message:${text}`);
const invalid = (cause: string): Notice => new Notice(321, `Error validating request.-'bK' : cause - ${cause}`);
const failed = (cause: string): Notice => new Notice(322, `Error processing request.-'bW' : cause - ${cause}`);

/** Why a request is not done. */
export const refusals = {
  unknownContract: new Notice(200, 'No security definition has been found for the request'),
  ambiguousContract: (name: string) =>
    new Notice(
      200,
      `The contract description specified for ${name} is ambiguous; you must specify the multiplier or currency.`,
    ),
  noData: ({ symbol, secType, currency, exchange }: Instrument, whatToShow: string) => {
    const name = secType === 'CASH' ? `${symbol}.${currency}` : symbol;
    return hmds(`HMDS query returned no data: ${name}@${exchange} ${capitalised(whatToShow)}`);
  },
  noHead: hmds('No head time stamp'),
  pacing: hmds('Historical data request pacing violation'),
  invalidStep: hmds('invalid step: 1'),
  tooLong: hmds('Time length exceed max.'),
  cancelled: (reqId: number) => hmds(`API historical data query cancelled: ${reqId}`),
  differentIp: hmds('Trading TWS session is connected from a different IP address'),
  noPermission: ({ primaryExchange, exchange, secType }: Instrument) =>
    hmds(
      `No market data permissions for ${primaryExchange === 'NASDAQ' ? 'ISLAND' : primaryExchange || exchange} ${secType}. ` +
        'Requested market data requires additional subscription for API.',
    ),
  notSubscribed: new Notice(
    354,
    'Requested market data is not subscribed. Check API status by selecting the Account menu then under Management ' +
      'choose Market Data Subscription Manager and/or availability of delayed data.',
  ),
  livePacing: new Notice(420, 'Invalid Real-time Query:Historical data request pacing violation'),
  bust: new Notice(
    10225,
    'Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately.',
  ),
  continuousEnd: new Notice(10339, 'Setting end date/time for continuous future security type is not allowed.'),
  unknownQuery: (reqId: number) => new Notice(366, `No historical data query found for ticker id:${reqId}`),
  duplicateQuery: new Notice(386, 'Duplicate ticker ID for API historical data query'),
  duplicateId: failed('Duplicate ticker id'),
  tooManyOpen: failed('Only 50 simultaneous API historical data requests allowed.'),
  noExchange: invalid('Please enter exchange'),
  barSize: invalid(`Historical data bar size setting is invalid. Legal ones are: ${legalBarSizes}.`),
  duration: invalid('Historical data duration is invalid. The correct format is: integer{SPACE}unit (S|D|W|M|Y).'),
  daysAsYears: invalid('Historical data requests for durations longer than 365 days must be made in years.'),
  whatToShow: invalid('Historical data type is invalid.'),
  endNotAllowed: invalid('End date not supported with keep up to date or adjusted last.'),
  liveBars: invalid('Historical data keep up to date needs bars of 5 seconds or more of TRADES, MIDPOINT, BID or ASK.'),
  scheduleStep: invalid('Historical schedule needs a bar size of 1 day.'),
  endFormat: new Notice(
    10314,
    'End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx ' +
      'where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern',
  ),
  unreadable: (what: string) => new Notice(320, `Error reading request. ${what}`),
  messageRate: new Notice(100, 'Max rate of messages per second has been exceeded.'),
  clientIdInUse: new Notice(
    326,
    'Unable to connect as the client id is already in use. Retry with a unique client id.',
  ),
} as const;

/** What the gateway tells unasked, to every client. */
export const announcements = {
  marketDataUp: new Notice(2104, 'Market data farm connection is OK:usfarm'),
  historyUp: new Notice(2106, 'HMDS data farm connection is OK:ushmds'),
  definitionsUp: new Notice(2158, 'Sec-def data farm connection is OK:secdefnj'),
  marketDataDown: new Notice(2103, 'Market data farm connection is broken:usfarm'),
  historyDown: new Notice(2105, 'HMDS data farm connection is broken:ushmds'),
  definitionsDown: new Notice(2157, 'Sec-def data farm connection is broken:secdefnj'),
  connectivityLost: new Notice(1100, 'Connectivity between IBKR and Trader Workstation has been lost.'),
  /** To a client that comes while it is lost. */
  connectivityBroken: new Notice(
    2110,
    'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
  ),
  restoredDataLost: new Notice(1101, 'Connectivity between IBKR and Trader Workstation has been restored - data lost.'),
  restored: new Notice(
    1102,
    'Connectivity between IBKR and Trader Workstation has been restored - data maintained. ' +
      'All data farms are connected: usfarm; ushmds; secdefnj.',
  ),
  endWithoutZone: new Notice(
    2174,
    'Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use ' +
      'yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern.',
  ),
} as const;

function capitalised(text: string): string {
  return text.charAt(0) + text.slice(1).toLowerCase();
}
