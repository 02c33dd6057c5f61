import { calendarOf, dayMs, type Session, type TradingCalendar } from '../../../market/index.ts';
import { drawCandle, type Activity, type Candle } from './candle.ts';
import { hasExtendedHours, type Instrument, type Walk } from '../instruments/instruments.ts';
import { keyOf, normalAt } from './random.ts';
import { offsetOf } from '../protocol/wire-time.ts';

/** One day of a generated price: its stretches oldest first, what trades early and late around the regular session. */
export interface WalkedDay {
  readonly session: Session;
  /** Local time minus UTC in milliseconds. */
  readonly offset: number;
  readonly regular: Stretch;
  readonly extended: readonly Stretch[];
}

/** A stretch of the day's path and when in it the market is busy. */
export interface Stretch {
  readonly candle: Candle;
  readonly activity: Activity;
}

/**
 * The days of an instrument's generated price, walked forward from its listing once and kept: a day depends on all days
 * before it, and seven thousand of them cost milliseconds. What happens within a day is drawn when it is asked for.
 *
 * The walk has what a model can learn from: a trend that persists for weeks, days of high volatility in clusters, and a
 * slow pull back to the line of growth.
 */
export class PriceWalk {
  readonly key: number;
  readonly calendar: TradingCalendar;
  readonly #walk: Walk;
  readonly #extended: boolean;
  readonly #days: WalkedDay[] = [];
  #until: number;
  #state: WalkState = { trend: 0, heat: 0, distance: 0 };

  constructor(instrument: Instrument, seed: number) {
    this.key = keyOf(`${seed}/${instrument.pathName}`);
    this.calendar = calendarOf(instrument.calendar);
    this.#walk = instrument.walk;
    this.#extended = hasExtendedHours(instrument);
    this.#until = Date.parse(instrument.walk.listed);
  }

  /** All days whose session, extended hours included, may have begun by an instant; oldest first. */
  daysUntil(instant: number): readonly WalkedDay[] {
    const reach = instant + earlyMs;
    if (reach > this.#until) {
      const end = reach + aheadMs;
      for (const session of this.calendar.sessions({ start: this.#until, end })) {
        if (session.open >= this.#until) this.#days.push(this.#walkDay(session));
      }
      this.#until = end;
    }
    return this.#days;
  }

  #walkDay(session: Session): WalkedDay {
    const walk = this.#walk;
    const { key } = this;
    const draw = (channel: number): number => normalAt(key, session.date, channel);
    const { trend, heat, distance } = this.#state;
    const volatility = walk.dailyVolatility * Math.exp(0.25 * heat);
    const extended = this.#extended;
    const byDay = this.calendar.id === 'us_equities';
    const growthLine = (walk.growth * (session.open - Date.parse(walk.listed))) / yearMs + Math.log(walk.startPrice);

    // Shares of the day's variance: over the closed hours, before the opening, in the session, after the close.
    const shares = extended
      ? { closed: 0.12, early: 0.04, regular: 0.8, late: 0.04 }
      : { closed: byDay ? 0.12 : 0.01, early: 0, regular: byDay ? 0.88 : 0.99, late: 0 };
    const variance = volatility * volatility;
    const step = (share: number, channel: number): number => volatility * Math.sqrt(share) * draw(channel);

    const pull = -0.005 * distance + 0.35 * volatility * trend;
    const earlyOpen = growthLine + distance + step(shares.closed, 0);
    const open = earlyOpen + step(shares.early, 1);
    const close = open + pull + step(shares.regular, 2);
    const lateClose = close + step(shares.late, 3);
    const volume = Math.round(walk.dailyVolume * Math.exp(0.5 * heat + 0.25 * draw(4)));
    this.#state = {
      trend: 0.9 * trend + 0.436 * draw(5),
      heat: 0.9 * heat + 0.436 * draw(6),
      distance: lateClose - growthLine,
    };

    const stretch = (span: StretchSpan): Stretch => ({
      candle: drawCandle(
        { ...span, variance: variance * shares[span.part], volume: Math.round(volume * volumeShares[span.part]) },
        key,
        100,
      ),
      activity: activityOf(span, byDay),
    });
    const regular = stretch({ part: 'regular', start: session.open, end: session.close, open, close });
    return {
      session,
      offset: offsetOf(session.open, this.calendar.zone),
      regular,
      extended: extended
        ? [
            stretch({ part: 'early', start: session.open - earlyMs, end: session.open, open: earlyOpen, close: open }),
            regular,
            stretch({ part: 'late', start: session.close, end: session.close + lateMs, open: close, close: lateClose }),
          ]
        : [regular],
    };
  }
}

/** US stocks trade from 04:00, five and a half hours before the opening, and until four hours after the close. */
export const earlyMs = 5.5 * 3_600_000;
export const lateMs = 4 * 3_600_000;

interface WalkState {
  /** Drift of the coming day, in standard deviations. */
  readonly trend: number;
  /** Logarithm of the coming day's volatility against the usual one, scaled. */
  readonly heat: number;
  /** Of the logarithm of the price from the line of growth. */
  readonly distance: number;
}

interface StretchSpan {
  readonly part: 'early' | 'regular' | 'late';
  readonly start: number;
  readonly end: number;
  readonly open: number;
  readonly close: number;
}

const volumeShares = { early: 0.02, regular: 1, late: 0.03 } as const;

const yearMs = 365.25 * dayMs;

/** Walked beyond what was asked, so that a moving clock does not extend the walk at every request. */
const aheadMs = 30 * dayMs;

/**
 * Stocks are busiest at the opening and the close (a U), currencies in the middle of their day, when London and New York
 * are both open. Each is the integral of that density over the stretch.
 */
function activityOf({ part, start, end }: StretchSpan, byDay: boolean): Activity {
  const length = end - start;
  if (part !== 'regular') return (instant) => (instant - start) / length;
  if (byDay) {
    return (instant) => {
      const x = (instant - start) / length;
      return (x + (3 * ((2 * x - 1) ** 3 + 1)) / 6) / 2;
    };
  }
  return (instant) => {
    const x = (instant - start) / length;
    return x - (0.6 * Math.sin(2 * Math.PI * x)) / (2 * Math.PI);
  };
}
