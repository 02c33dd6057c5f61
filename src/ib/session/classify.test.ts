import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../base/index.ts';
import { classify } from './classify.ts';
import { ibErrorTable, type IbVerdict } from './error-table.ts';

const service = 'Historical Market Data Service error message:';

const messages: readonly (readonly [
  code: number,
  text: string,
  outcome: IbVerdict['outcome'],
  ErrorCode | undefined,
])[] = [
  [162, `${service}HMDS query returned no data: GOOGL@SMART Trades`, 'empty', undefined],
  [162, `${service}Historical data request pacing violation`, 'error', 'rate_limited'],
  [162, `${service}API historical data query cancelled: 28`, 'cancelled', undefined],
  [162, `${service}No market data permissions for ISLAND STK. Requested market data`, 'error', 'permission_denied'],
  [162, `${service}invalid step: 1`, 'error', 'internal'],
  [162, `${service}Trading TWS session is connected from a different IP address`, 'error', 'unavailable'],
  [162, `${service}something new`, 'error', 'unavailable'],
  [200, 'No security definition has been found for the request', 'error', 'not_found'],
  [
    200,
    'The contract description specified for BMW is ambiguous; you must specify the multiplier',
    'error',
    'not_found',
  ],
  [203, 'The security is not available or allowed for this account', 'error', 'permission_denied'],
  [354, 'Requested market data is not subscribed.', 'error', 'permission_denied'],
  [10090, 'Part of requested market data is not subscribed.', 'error', 'permission_denied'],
  [320, "Error reading request:-'bF' : cause - For input string", 'error', 'internal'],
  [321, "Error validating request.-'bK' : cause - Please enter exchange", 'error', 'internal'],
  [
    322,
    "Error processing request.-'bT' : cause - Only 50 simultaneous API historical data requests allowed.",
    'error',
    'rate_limited',
  ],
  [322, 'Error processing request: Duplicate ticker id', 'error', 'internal'],
  [326, 'Unable to connect as the client id is already in use. Retry with a unique client id.', 'error', 'conflict'],
  [366, 'No historical data query found for ticker id:2223', 'cancelled', undefined],
  [386, 'Duplicate ticker ID for API historical data query', 'error', 'internal'],
  [420, 'Invalid Real-time Query: Historical data request pacing violation', 'error', 'rate_limited'],
  [100, 'Max rate of messages per second has been exceeded.', 'error', 'rate_limited'],
  [502, 'connect ECONNREFUSED 127.0.0.1:4002', 'error', 'unavailable'],
  [505, 'Decoding error on HISTORICAL_DATA: unprocessed data left on queue', 'notice', undefined],
  [506, 'Unsupported Version 250', 'error', 'failed_precondition'],
  [1100, 'Connectivity between IBKR and Trader Workstation has been lost.', 'error', 'unavailable'],
  [1101, 'Connectivity between IBKR and Trader Workstation has been restored - data lost.', 'notice', undefined],
  [2103, 'Market data farm connection is broken:usfarm', 'notice', undefined],
  [2104, 'Market data farm connection is OK:usfarm', 'notice', undefined],
  [2106, 'HMDS data farm connection is OK:ushmds', 'notice', undefined],
  [2107, 'HMDS data farm connection is inactive but should be available upon demand.ushmds', 'notice', undefined],
  [2158, 'Sec-def data farm connection is OK:secdefnj', 'notice', undefined],
  [2199, 'A warning of a later version', 'notice', undefined],
  [10314, 'End Date/Time: The date, time, or time-zone entered is invalid.', 'error', 'internal'],
  [162, `${service}HMDS query returned no data: no head time stamp`, 'empty', undefined],
  [162, `${service}No head time stamp`, 'empty', undefined],
  [162, `${service}Time length exceed max.`, 'error', 'internal'],
  [10089, 'Requested market data requires additional subscription for API.', 'error', 'permission_denied'],
  [10186, 'Requested market data is not subscribed. Delayed market data is not enabled.', 'error', 'permission_denied'],
  [10187, 'Failed to request historical ticks: No market data permissions', 'error', 'permission_denied'],
  [10197, 'No market data during competing live session', 'error', 'unavailable'],
  [503, 'The TWS is out of date and must be upgraded.', 'error', 'failed_precondition'],
  [504, 'Not connected', 'error', 'unavailable'],
  [1102, 'Connectivity between IBKR and Trader Workstation has been restored - data maintained.', 'notice', undefined],
  [2105, 'HMDS data farm connection is broken:ushmds', 'notice', undefined],
  [2108, 'Market data farm connection is inactive but should be available upon demand.usfarm', 'notice', undefined],
  [
    2110,
    'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
    'error',
    'unavailable',
  ],
  [2119, 'Market data farm is connecting:usfarm', 'notice', undefined],
  [2157, 'Sec-def data farm connection is broken:secdefnj', 'notice', undefined],
  [10225, 'Bust event occurred, current subscription is deactivated.', 'notice', undefined],
  [10339, 'Setting end date/time for continuous future security type is not allowed.', 'error', 'internal'],
];

describe('classify', () => {
  it.each(messages)('%i "%s" is %s %s', (code, text, outcome, ktrdrCode) => {
    const verdict = classify(code, text);
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.outcome === 'error' ? verdict.code : undefined).toBe(ktrdrCode);
  });

  it('is held to each rule of the table, and to each of its numbers', () => {
    const untested = ibErrorTable.flatMap((rule) =>
      rule.codes.filter((code) => {
        const decides = ([each, text]: (typeof messages)[number]): boolean =>
          each === code &&
          ibErrorTable.find(({ codes, text: of }) => codes.includes(each) && (of?.test(text) ?? true)) === rule;
        return !messages.some(decides);
      }),
    );
    expect(untested).toEqual([]);
  });

  it('quotes what it does not know and lets it be tried again', () => {
    const verdict = classify(9999, 'The moon is in the wrong phase.');
    expect(verdict).toEqual({
      outcome: 'error',
      code: 'unavailable',
      sentence: 'IB sent message 9999: The moon is in the wrong phase.',
    });
  });
});
