import type { ErrorCode } from '../../base/index.ts';

/** What a message from the gateway means for us; `sentence` is for people. */
export type IbVerdict =
  | { readonly outcome: 'empty' | 'notice' | 'cancelled'; readonly sentence: string }
  | { readonly outcome: 'error'; readonly code: ErrorCode; readonly sentence: string };

export interface IbErrorRule {
  readonly codes: readonly number[];
  /** Needed where IB uses one number for several things; the first rule that fits decides. */
  readonly text?: RegExp;
  readonly meaning: IbVerdict;
}

const empty = (sentence: string): IbVerdict => ({ outcome: 'empty', sentence });
const notice = (sentence: string): IbVerdict => ({ outcome: 'notice', sentence });
const cancelled = (sentence: string): IbVerdict => ({ outcome: 'cancelled', sentence });
const error = (code: ErrorCode, sentence: string): IbVerdict => ({ outcome: 'error', code, sentence });

const notSubscribed = error(
  'permission_denied',
  'The account has no market-data subscription for this instrument. Subscribe to its level-1 data in the IB client portal.',
);

/** IB's numbers and texts, as recorded from real gateways. The order matters: texts before the bare number. */
export const ibErrorTable: readonly IbErrorRule[] = [
  {
    codes: [162],
    text: /returned no data|no head time ?stamp/i,
    meaning: empty('IB has no data for this request.'),
  },
  {
    codes: [162],
    text: /pacing violation/i,
    meaning: error('rate_limited', 'IB refused the request because too many came too fast. Try again later.'),
  },
  { codes: [162], text: /query cancelled/i, meaning: cancelled('The request was cancelled.') },
  { codes: [162], text: /no market data permissions/i, meaning: notSubscribed },
  {
    codes: [162],
    text: /different IP address/i,
    meaning: error(
      'unavailable',
      'The same login is in use from another computer, so IB serves no history here. Log out there, then try again.',
    ),
  },
  {
    codes: [162],
    text: /invalid step/i,
    meaning: error('internal', 'IB refused the bar size for this duration.'),
  },
  {
    codes: [162],
    text: /invalid time length|time length exceed/i,
    meaning: error('internal', 'IB refused the duration for this bar size.'),
  },
  { codes: [162], meaning: error('unavailable', 'The IB history service could not answer.') },
  {
    codes: [200],
    text: /ambiguous/i,
    meaning: error('not_found', 'IB knows several instruments of this name and cannot tell which is meant.'),
  },
  { codes: [200], meaning: error('not_found', 'IB knows no such instrument.') },
  { codes: [203, 354, 10089, 10090, 10186, 10187], meaning: notSubscribed },
  {
    codes: [10197],
    meaning: error(
      'unavailable',
      'Another session of this login holds the market data. Close it there, then try again.',
    ),
  },
  { codes: [320], meaning: error('internal', 'IB could not read the request.') },
  { codes: [321], meaning: error('internal', 'IB refused the request as not valid.') },
  {
    codes: [322],
    text: /simultaneous/i,
    meaning: error('rate_limited', 'Too many history requests are open at the gateway. Try again later.'),
  },
  { codes: [322], meaning: error('internal', 'IB could not process the request.') },
  { codes: [386], meaning: error('internal', 'A request id was used twice.') },
  { codes: [326], meaning: error('conflict', 'The client id is in use by another program.') },
  { codes: [366], meaning: cancelled('The request had already ended when its cancel arrived.') },
  { codes: [100], meaning: error('rate_limited', 'More messages a second were sent than IB accepts.') },
  { codes: [420], meaning: error('rate_limited', 'IB refused the request because too many came too fast.') },
  { codes: [502], meaning: error('unavailable', 'The gateway cannot be reached.') },
  { codes: [504], meaning: error('unavailable', 'The gateway is not connected.') },
  { codes: [505], meaning: notice('An answer held more than it announced.') },
  {
    codes: [503, 506],
    meaning: error('failed_precondition', 'This version of TWS or IB Gateway is not supported. Install another one.'),
  },
  { codes: [1100], meaning: error('unavailable', 'The gateway has lost its connection to IB.') },
  { codes: [2110], meaning: error('unavailable', 'The gateway has no connection to IB and waits for it.') },
  { codes: [1101], meaning: notice('The connection to IB is back; what was under way is lost.') },
  { codes: [1102], meaning: notice('The connection to IB is back; nothing was lost.') },
  { codes: [2103, 2105, 2157], meaning: notice('A data farm of IB is not connected.') },
  { codes: [2104, 2106, 2119, 2158], meaning: notice('A data farm of IB is connected.') },
  { codes: [2107, 2108], meaning: notice('A data farm of IB sleeps until it is needed.') },
  { codes: [10225], meaning: notice('A live subscription has ended and must be made again.') },
  { codes: [10314], meaning: error('internal', 'IB refused the end time of the request.') },
  { codes: [10339], meaning: error('internal', 'IB takes no end time for a continuous future.') },
];
