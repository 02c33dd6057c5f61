import { KtrdrError } from '../base/index.ts';
import {
  loadBars,
  type Absence,
  type AbsenceKind,
  type BarProvider,
  type DataManager,
  type InstrumentSearch,
  type OpenSpan,
  type SeriesInfo,
  type SeriesKey,
  type StoredSeries,
} from '../data/index.ts';
import { barCount, barsToJson, type Bars } from '../market/index.ts';
import type { OperationsService } from '../operations/index.ts';
import { implement, startOptions, type ImplementedEndpoint } from '../service/index.ts';
import { mostBarsOnPage } from './bars-page.ts';
import {
  deleteBars,
  getBars,
  getContract,
  getCoverage,
  getGaps,
  getHead,
  getRange,
  getSearch,
  getSnapshot,
  listSeries,
  postLoad,
  postPlan,
} from './data-endpoints.ts';

interface DataRoutes {
  readonly data: DataManager;
  /** The source, for what is asked of it directly. */
  readonly provider: BarProvider & InstrumentSearch;
  readonly operations: OperationsService;
}

/** Answers the data domain's endpoints. */
export function dataRoutes({ data, provider, operations }: DataRoutes): ImplementedEndpoint[] {
  const { stored } = data;
  const named = async ({
    symbol,
    timeframe,
    ...span
  }: SeriesKey & OpenSpan): Promise<{ key: SeriesKey; span: OpenSpan }> => {
    const { key } = await stored.info({ symbol, timeframe });
    return { key, span };
  };
  return [
    implement(listSeries, async () => ({ series: (await stored.list()).map(listed) })),
    implement(getRange, async ({ query }) => {
      const info = await stored.info(query);
      const { confirmedEmpty, revision, updatedAt } = info;
      return { ...listed(info), confirmedEmptyRanges: confirmedEmpty.length, revision, updatedAt };
    }),
    implement(getSnapshot, async ({ query }) => {
      const { key, span } = await named(query);
      const { sha256, count, first, last } = await stored.snapshot(key, span);
      return {
        symbol: key.symbol,
        sha256,
        bars: count,
        ...(first === undefined ? {} : { first }),
        ...(last === undefined ? {} : { last }),
      };
    }),
    implement(getBars, async ({ query: { symbol, timeframe, start, end, last, after, limit } }) => {
      const key = { symbol, timeframe };
      const span = { start: after === undefined ? start : Math.max(start ?? -Infinity, after + 1), end };
      if (limit !== undefined) return barsToJson(await stored.page(key, { ...span, limit }));
      if (last !== undefined) return barsToJson(await stored.newest(key, { ...span, limit: last }));
      return barsToJson(await allOf(stored, key, span));
    }),
    implement(getCoverage, async ({ query: { by, ...query } }) => {
      const { key, span } = await named(query);
      const coverage = { symbol: key.symbol, ...(await stored.coverage(key, span)) };
      return by === undefined ? coverage : { ...coverage, periods: await stored.coverageBy(by, key, span) };
    }),
    implement(getGaps, async ({ query: { all, from = -Infinity, limit = 1_000, ...query } }) => {
      const { key, span } = await named(query);
      const absences = await stored.absences(key, { ...span, all: all === 'true' });
      const rest = absences.filter(({ start }) => start >= from);
      const next = rest[limit]?.start;
      return {
        symbol: key.symbol,
        gaps: rest.slice(0, limit),
        totals: totalsOf(absences),
        ...(next === undefined ? {} : { next }),
      };
    }),
    implement(deleteBars, async ({ query: { symbol, timeframe, ...span } }) => {
      const { key, removed } = await stored.remove({ symbol, timeframe }, span);
      return { symbol: key.symbol, removed };
    }),
    implement(getContract, ({ query: { symbol } }, context) => provider.describe(symbol, context)),
    implement(getSearch, async ({ query: { text } }, context) => ({
      instruments: await provider.search(text, context),
    })),
    implement(getHead, async ({ query: { symbol, timeframe } }, context) => ({
      symbol: stored.nameOf(symbol),
      earliest: (await provider.earliest(symbol, timeframe, context)) ?? null,
    })),
    implement(postPlan, ({ body }, context) => data.planLoad(body, context)),
    implement(postLoad, ({ headers, body }, context) =>
      operations.get(data.load(body, startOptions(loadBars.type, headers, context)).id),
    ),
  ];
}

function listed({ key, calendar, count, first, last }: SeriesInfo): SeriesInfo['key'] & {
  calendar: SeriesInfo['calendar'];
  bars: number;
  first?: number;
  last?: number;
} {
  return {
    ...key,
    calendar,
    bars: count,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
  };
}

function totalsOf(absences: readonly Absence[]): Partial<Record<AbsenceKind, { gaps: number; bars: number }>> {
  const totals: Partial<Record<AbsenceKind, { gaps: number; bars: number }>> = {};
  for (const { kind, bars } of absences) {
    const total = (totals[kind] ??= { gaps: 0, bars: 0 });
    total.gaps += 1;
    total.bars += bars;
  }
  return totals;
}

/** @throws KtrdrError `invalid_input` where they are more than one answer may have. */
async function allOf(stored: StoredSeries, key: SeriesKey, span: OpenSpan): Promise<Bars> {
  const bars = await stored.page(key, { ...span, limit: mostBarsOnPage + 1 });
  if (barCount(bars) <= mostBarsOnPage) return bars;
  const most = mostBarsOnPage.toLocaleString('en-US');
  throw new KtrdrError(
    'invalid_input',
    `That span of ${stored.nameOf(key.symbol)} ${key.timeframe} has more than ${most} bars; take them page by page with "limit" and "after", or the newest with "last".`,
  );
}
