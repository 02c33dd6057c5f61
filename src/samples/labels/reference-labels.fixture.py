"""Writes reference-labels.fixture.ts: labels of a random walk by a second implementation, with NumPy and pandas.

python reference-labels.fixture.py > reference-labels.fixture.ts

Events after Lopez de Prado, Advances in Financial Machine Learning (2018), snippet 2.4; barriers by the first touch of each
one (snippet 3.2); uniqueness by the matrix of bars and labels (snippets 4.3 and 4.4).
"""

import numpy as np
import pandas as pd

count, span = 160, 20
random = np.random.default_rng(20)
closes = np.round(100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.006)), 2)
opens = np.round(np.r_[100, closes[:-1]] * (1 + random.normal(0, 0.001, count)), 2)
highs = np.round(np.maximum(opens, closes) * (1 + np.abs(random.normal(0, 0.002, count))), 2)
lows = np.round(np.minimum(opens, closes) * (1 - np.abs(random.normal(0, 0.002, count))), 2)

volatility = pd.Series(closes).pct_change().ewm(span=span, adjust=False).std(bias=True)
volatility[:span] = np.nan


def cusum(thresholds):
    up, down, events = 0.0, 0.0, []
    for index, gain in enumerate(np.diff(np.log(closes)), start=1):
        up, down = max(0.0, up + gain), min(0.0, down + gain)
        if down < -thresholds[index]:
            down = 0.0
            events.append(index)
        elif up > thresholds[index]:
            up = 0.0
            events.append(index)
    return events


def barriers(events, upper=2, lower=1.5, holding=12):
    """Rows of bar, label and the bar that decided it."""
    labels = []
    for event in events:
        if np.isnan(volatility[event]):
            continue
        path = np.arange(event + 1, min(event + holding, count - 1) + 1)
        top = closes[event] * (1 + upper * volatility[event])
        bottom = closes[event] * (1 - lower * volatility[event])
        above, below = path[highs[path] >= top], path[lows[path] <= bottom]
        first, second = (hits[0] if len(hits) else np.inf for hits in (above, below))
        if first == second == np.inf:
            if event + holding < count:
                labels.append((event, 1, event + holding))
        elif first == second:
            labels.append((event, 0 if top - opens[first] < opens[first] - bottom else 2, first))
        else:
            labels.append((event, 0, first) if first < second else (event, 2, second))
    return labels


def uniqueness(labels):
    spans = np.zeros((count, len(labels)))
    for column, (event, _, last) in enumerate(labels):
        spans[event + 1 : last + 1, column] = 1
    share = spans / np.maximum(spans.sum(axis=1, keepdims=True), 1)
    return share.sum(axis=0) / spans.sum(axis=0)


def average_range(period):
    previous = pd.Series(closes).shift()
    ranges = np.fmax.reduce([highs - lows, (highs - previous).abs(), (lows - previous).abs()])
    average = np.full(count, np.nan)
    average[period] = ranges[1 : period + 1].mean()
    for index in range(period + 1, count):
        average[index] = (average[index - 1] * (period - 1) + ranges[index]) / period
    return average


def legs(size, start=0):
    """Every leg that is over: from, to, up or down, and the bar that ended it."""
    pivot = None
    for index in range(start + 1, count):
        low = start + int(np.argmin(closes[start : index + 1]))
        high = start + int(np.argmax(closes[start : index + 1]))
        if closes[index] - closes[low] >= size(low) and closes[index] > closes[low]:
            pivot, sign = low, 1
        elif closes[high] - closes[index] >= size(high) and closes[index] < closes[high]:
            pivot, sign = high, -1
        if pivot is not None:
            break
    found = []
    while pivot is not None:
        for end in range(index, count):
            top = pivot + int(np.argmax(sign * closes[pivot : end + 1]))
            if end > top and sign * (closes[top] - closes[end]) >= size(top):
                found.append((pivot, top, sign, end))
                pivot, sign, index = top, -sign, end
                break
        else:
            pivot = None
    return found


def zigzag(threshold):
    found = legs(lambda index: threshold * closes[index])
    labels = [(bar, 1) for bar in range(found[0][0])]
    return labels + [(bar, 0 if sign > 0 else 2) for start, end, sign, _ in found for bar in range(start, end)]


def regime(macro, micro, period, lookback, crisis, tolerance):
    ranges = average_range(period)
    usual = pd.Series(ranges).rolling(lookback).mean()
    labels = []
    for start, end, sign, ended in legs(lambda index: macro * ranges[index], period):
        prices = sign * closes[start : end + 1]
        peaks = [max(range(at + 1), key=lambda place: (prices[place], place)) for at in range(len(prices))]
        trend = all(
            prices[peak] - price <= max(tolerance * (prices[-1] - prices[0]), micro * ranges[start + peak])
            for peak, price in zip(peaks, prices)
        )
        kind = (0 if sign > 0 else 1) if trend else 2
        labels += [(bar, 3 if ranges[bar] > crisis * usual[bar] else kind, ended) for bar in range(start, end)]
    return labels


def rows(values):
    return "[" + ", ".join(str(int(cell)) for row in values for cell in row) + "]"


def numbers(values, digits=9):
    return "[" + ", ".join(repr(round(float(value), digits)) for value in values) + "]"


every, some = barriers(range(count)), barriers(cusum(1.5 * volatility.fillna(np.inf)))
print(f"""/** Written by reference-labels.fixture.py with pandas {pd.__version__}; labels are bar, label and deciding bar in turn. */
export const referenceLabels = {{
  open: {numbers(opens)},
  high: {numbers(highs)},
  low: {numbers(lows)},
  close: {numbers(closes)},
  /** From bar {span} on. */
  volatility: {numbers(volatility[span:], 12)},
  events: {[int(event) for event in cusum(np.full(count, 0.012))]},
  eventsOfVolatility: {[int(event) for event in cusum(1.5 * volatility.fillna(np.inf))]},
  barriers: {rows(every)},
  uniqueness: {numbers(uniqueness(every))},
  barriersOfEvents: {rows(some)},
  uniquenessOfEvents: {numbers(uniqueness(some))},
  /** Of the legs that are over, without the deciding bar. */
  zigzag: {rows(zigzag(0.03))},
  regime: {rows(regime(4, 1.4, 5, 20, 1.2, 0.05))},
}};""")
