/** What the protocol calls its messages, as far as this gateway takes part in it. */
const received: Readonly<Record<number, string>> = {
  5: 'REQ_OPEN_ORDERS',
  6: 'REQ_ACCT_DATA',
  7: 'REQ_EXECUTIONS',
  8: 'REQ_IDS',
  9: 'REQ_CONTRACT_DATA',
  14: 'SET_SERVER_LOGLEVEL',
  16: 'REQ_ALL_OPEN_ORDERS',
  17: 'REQ_MANAGED_ACCTS',
  20: 'REQ_HISTORICAL_DATA',
  25: 'CANCEL_HISTORICAL_DATA',
  49: 'REQ_CURRENT_TIME',
  61: 'REQ_POSITIONS',
  71: 'START_API',
  76: 'REQ_ACCOUNT_UPDATES_MULTI',
  81: 'REQ_MATCHING_SYMBOLS',
  87: 'REQ_HEAD_TIMESTAMP',
  90: 'CANCEL_HEAD_TIMESTAMP',
  99: 'REQ_COMPLETED_ORDERS',
  105: 'REQ_CURRENT_TIME_IN_MILLIS',
};

const sent: Readonly<Record<number, string>> = {
  4: 'ERROR',
  9: 'NEXT_VALID_ID',
  10: 'CONTRACT_DATA',
  15: 'MANAGED_ACCTS',
  17: 'HISTORICAL_DATA',
  49: 'CURRENT_TIME',
  52: 'CONTRACT_DATA_END',
  53: 'OPEN_ORDER_END',
  54: 'ACCT_DOWNLOAD_END',
  55: 'EXECUTION_DATA_END',
  62: 'POSITION_END',
  74: 'ACCOUNT_UPDATE_MULTI_END',
  79: 'SYMBOL_SAMPLES',
  88: 'HEAD_TIMESTAMP',
  90: 'HISTORICAL_DATA_UPDATE',
  102: 'COMPLETED_ORDERS_END',
  106: 'HISTORICAL_SCHEDULE',
  108: 'HISTORICAL_DATA_END',
  109: 'CURRENT_TIME_IN_MILLIS',
};

const names = { received, sent };

export function nameMessage(direction: keyof typeof names, id: number): string {
  return names[direction][id] ?? 'UNKNOWN';
}
