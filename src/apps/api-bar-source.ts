import { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import {
  barCount,
  barsFromJson,
  barsFromRows,
  concatBars,
  timeframes,
  type Bars,
  type CalendarId,
  type Timeframe,
  type TimeRange,
} from '../market/index.ts';
import { AsyncServiceAdapter, type EndpointOutput } from '../service/index.ts';
import type { BarSource, Series } from '../training/index.ts';
import { mostBarsOnPage } from './bars-page.ts';
import { getBars, getRange } from './data-endpoints.ts';

/** A series that is written to all the time is given up after so many readings. */
const mostReadings = 5;

/**
 * The bars of an API elsewhere, as the port that the training domain reads through: page by page, and all of one state of
 * the series. The same bars as in the store of the API, so the same weights.
 */
export class ApiBarSource extends AsyncServiceAdapter implements BarSource {
  override readonly serviceName = 'the ktrdr API';
  override readonly serviceType = 'bars';

  async read(series: Series, range: TimeRange | undefined, token: CancellationToken): Promise<Bars> {
    for (let reading = 1; reading <= mostReadings; reading += 1) {
      const before = await this.#stateOf(series, token);
      if (before === undefined) return barsFromRows([]);
      const bars = await this.#pages(series, range, token);
      const after = await this.#stateOf(series, token);
      if (after?.revision === before.revision) return bars;
    }
    throw new KtrdrError(
      'unavailable',
      `${series.symbol} ${series.timeframe} cannot be read from the API: it was written to during each of ${mostReadings} readings. Train again when its load has ended.`,
      { details: { ...series } },
    );
  }

  async calendarOf(symbol: string, asked: Timeframe): Promise<CalendarId | undefined> {
    for (const timeframe of new Set([asked, ...timeframes])) {
      const state = await this.#stateOf({ symbol, timeframe }, CancellationToken.none);
      if (state !== undefined) return state.calendar;
    }
    return undefined;
  }

  async #pages(series: Series, range: TimeRange | undefined, token: CancellationToken): Promise<Bars> {
    const pages: Bars[] = [];
    for (;;) {
      const after = pages.at(-1)?.time.at(-1);
      const query = {
        ...series,
        ...range,
        limit: mostBarsOnPage,
        ...(after === undefined ? {} : { after }),
      };
      const page = barsFromJson(await this.call(getBars, { query }, token));
      pages.push(page);
      if (barCount(page) < mostBarsOnPage) return concatBars(pages);
    }
  }

  /** Undefined where nothing of the series is stored. */
  async #stateOf(series: Series, token: CancellationToken): Promise<EndpointOutput<typeof getRange> | undefined> {
    try {
      return await this.call(getRange, { query: series }, token);
    } catch (thrown) {
      if (KtrdrError.from(thrown).code === 'not_found') return undefined;
      throw thrown;
    }
  }
}
