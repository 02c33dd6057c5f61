import { z } from 'zod';
import { catalogue } from './catalogue.ts';
import { currencyPair, stock, stockIndex, type Instrument } from './instruments.ts';
import { keyOf } from '../bars/random.ts';

const walk = z.strictObject({
  /** First session. */
  listed: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/, 'must be a date such as 2001-05-04; quote it if it was read as something else')
    .optional(),
  startPrice: z.number().positive().optional(),
  growth: z.number().optional(),
  dailyVolatility: z.number().positive().max(1).optional(),
  dailyVolume: z.number().int().min(1).optional(),
});

const symbol = z.string().regex(/^[A-Z0-9][A-Z0-9.-]*$/, 'must be a symbol in capital letters');
const conId = z.number().int().min(1).optional();
const names = { symbol, conId, name: z.string().optional() };

const entry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stock'), ...names, currency: z.string().optional(), ...walk.shape }),
  z.strictObject({ kind: z.literal('etf'), ...names, ...walk.shape }),
  z.strictObject({ kind: z.literal('index'), ...names, exchange: z.string().default('CBOE'), ...walk.shape }),
  z.strictObject({
    kind: z.literal('pair'),
    symbol: z.string().regex(/^[A-Z]{3}\.[A-Z]{3}$/, 'must be two currencies such as EUR.CHF'),
    conId,
    startPrice: z.number().positive().optional(),
  }),
]);

type Entry = z.output<typeof entry>;

/** A list of instruments that the gateway has beside its own. */
export const instrumentsSchema = z
  .array(entry)
  .min(1)
  .transform((entries) => entries.map(instrumentOf));

function instrumentOf(given: Entry): Instrument {
  const { kind, symbol: name, conId: id = ownId(given) } = given;
  if (kind === 'pair') {
    const [base = '', quote = ''] = name.split('.');
    const { startPrice } = given;
    return currencyPair(base, quote, { conId: id, ...(startPrice === undefined ? {} : { startPrice }) });
  }
  const { listed, startPrice, growth, dailyVolatility, dailyVolume } = given;
  const facts = { conId: id, symbol: name, longName: given.name ?? name };
  const moves = defined({ listed, startPrice, growth, dailyVolatility, dailyVolume });
  if (kind === 'index') return stockIndex({ ...facts, exchange: given.exchange, walk: moves });
  if (kind === 'etf') return stock({ ...facts, primaryExchange: 'ARCA', stockType: 'ETF', walk: moves });
  const { currency = 'USD' } = given;
  return stock({ ...facts, currency, walk: moves });
}

/** The id of an instrument that is to take the place of a known one, or one of its own. */
function ownId({ kind, symbol: name }: Entry): number {
  const known = catalogue.find(({ localSymbol, secType }) => localSymbol === name && secType === securityTypes[kind]);
  return known?.conId ?? 800_000_000 + (keyOf(`${kind}/${name}`) & 0xff_ffff);
}

const securityTypes = { stock: 'STK', etf: 'STK', index: 'IND', pair: 'CASH' } as const;

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
