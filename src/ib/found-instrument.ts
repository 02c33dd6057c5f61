import type { Contract } from '@stoqey/ib';
import type { FoundInstrument } from '../data/index.ts';

const assetTypes: ReadonlyMap<string, string> = new Map([
  ['STK', 'stock'],
  ['CASH', 'currency'],
  ['IND', 'index'],
  ['FUT', 'future'],
]);

/** What IB's symbol search says of one instrument; older gateways send no description. */
export function foundInstrument(contract: Contract): FoundInstrument {
  const { symbol = '', currency = '', primaryExch = '', exchange = '', description = '' } = contract;
  const kind: string = contract.secType ?? 'unknown';
  return {
    symbol: kind === 'CASH' ? `${symbol}.${currency}` : symbol,
    description,
    assetType: assetTypes.get(kind) ?? kind.toLowerCase(),
    exchange: primaryExch === '' ? exchange : primaryExch,
    currency,
  };
}
