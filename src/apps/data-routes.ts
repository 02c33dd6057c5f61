import {
  loadBars,
  type Absence,
  type AbsenceKind,
  type BarProvider,
  type DataManager,
  type InstrumentSearch,
  type SeriesInfo,
} from '../data/index.ts';
import { barsToJson, sliceBars, type TimeRange } from '../market/index.ts';
import type { OperationsService } from '../operations/index.ts';
import { implement, startOptions, type ImplementedEndpoint } from '../service/index.ts';
import {
  deleteBars,
  getBars,
  getContract,
  getCoverage,
  getGaps,
  getHead,
  getRange,
  getSearch,
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
  return [
    implement(listSeries, async () => ({ series: (await stored.list()).map(listed) })),
    implement(getRange, async ({ query }) => {
      const info = await stored.info(query);
      const { confirmedEmpty, revision, updatedAt } = info;
      return { ...listed(info), confirmedEmptyRanges: confirmedEmpty.length, revision, updatedAt };
    }),
    implement(getBars, async ({ query: { symbol, timeframe, start, end, last, after, limit } }) => {
      const key = { symbol, timeframe };
      const from = after === undefined ? start : Math.max(start ?? -Infinity, after + 1);
      if (limit !== undefined) return barsToJson(await stored.page(key, { start: from, end, limit }));
      const bars = await stored.bars(key, rangeOf(from, end));
      const first = last === undefined ? 0 : Math.max(0, bars.time.length - last);
      return barsToJson(sliceBars(bars, first, bars.time.length));
    }),
    implement(getCoverage, async ({ query: { symbol, timeframe, by, ...span } }) => {
      const key = { symbol, timeframe };
      const coverage = await stored.coverage(key, span);
      return by === undefined ? coverage : { ...coverage, periods: await stored.coverageBy(by, key, span) };
    }),
    implement(getGaps, async ({ query: { symbol, timeframe, all, from = -Infinity, limit = 1_000, ...span } }) => {
      const absences = await stored.absences({ symbol, timeframe }, { ...span, all: all === 'true' });
      const rest = absences.filter(({ start }) => start >= from);
      const next = rest[limit]?.start;
      return { gaps: rest.slice(0, limit), totals: totalsOf(absences), ...(next === undefined ? {} : { next }) };
    }),
    implement(deleteBars, async ({ query: { symbol, timeframe, ...span } }) => ({
      removed: await stored.remove({ symbol, timeframe }, span),
    })),
    implement(getContract, ({ query: { symbol } }, context) => provider.describe(symbol, context)),
    implement(getSearch, async ({ query: { text } }, context) => ({
      instruments: await provider.search(text, context),
    })),
    implement(getHead, async ({ query: { symbol, timeframe } }, context) => ({
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

function rangeOf(start: number | undefined, end: number | undefined): TimeRange | undefined {
  return start === undefined && end === undefined
    ? undefined
    : { start: start ?? 0, end: end ?? Number.MAX_SAFE_INTEGER };
}
