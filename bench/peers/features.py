"""The features of a strategy as one ordinarily writes them with pandas: indicators, degrees of membership, complete rows."""

import numpy as np
import pandas as pd
from turns import serve

bars = None


def setup(given):
    global bars
    names = ["open", "high", "low", "close", "volume"]
    bars = pd.DataFrame({name: np.fromfile(given[name], dtype="<f8") for name in names})
    return {"versions": f"pandas {pd.__version__}, NumPy {np.__version__}"}


def wilder(values):
    return values.ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()


def span(values, bars_of_average):
    return values.ewm(span=bars_of_average, adjust=False, min_periods=bars_of_average).mean()


def indicators():
    high, low, close = bars["high"], bars["low"], bars["close"]
    change = close.diff()
    rise, fall = wilder(change.clip(lower=0)), wilder(-change.clip(upper=0))
    line = span(close, 12) - span(close, 26)
    mean, deviation = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    before = close.shift()
    ranges = pd.concat([high - low, (high - before).abs(), (low - before).abs()], axis=1).max(axis=1, skipna=False)
    lowest, highest = low.rolling(14).min(), high.rolling(14).max()
    k = (100 * (close - lowest) / (highest - lowest)).rolling(3).mean()
    return {
        "rsi": 100 * rise / (rise + fall),
        "histogram": line - span(line, 9),
        "width": 4 * deviation / mean,
        "atr": wilder(ranges),
        "k": k,
        "d": k.rolling(3).mean(),
    }


def trapezoid(x, a, b, c, d):
    left = (x >= a).astype(float).where(x.notna()) if a == b else (x - a) / (b - a)
    right = (x <= d).astype(float).where(x.notna()) if c == d else (d - x) / (d - c)
    return np.minimum(left, right).clip(0, 1)


def gaussian(x, mu, sigma):
    return np.exp(-0.5 * ((x - mu) / sigma) ** 2)


def sigmoid(x, center, slope):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-slope * (x - center)))


def features():
    given = indicators()
    rsi, k, d, width, histogram = (given[name] for name in ("rsi", "k", "d", "width", "histogram"))
    columns = {
        "rsi_low": trapezoid(rsi, 0, 0, 25, 40),
        "rsi_middle": trapezoid(rsi, 30, 50, 50, 70),
        "rsi_high": trapezoid(rsi, 60, 75, 100, 100),
        "k_low": trapezoid(k, 0, 0, 10, 30),
        "k_middle": trapezoid(k, 20, 50, 50, 80),
        "k_high": trapezoid(k, 70, 90, 100, 100),
        "d_low": trapezoid(d, 0, 0, 10, 30),
        "d_high": trapezoid(d, 70, 90, 100, 100),
        "width_calm": trapezoid(width, 0, 0, 0.01, 0.03),
        "width_wild": trapezoid(width, 0.02, 0.05, 1, 1),
        "macd_falling": trapezoid(histogram, -1, -0.5, -0.5, 0),
        "macd_flat": gaussian(histogram, 0, 0.2),
        "macd_rising": sigmoid(histogram, 0.2, 10),
        "macd_raw": histogram,
        "atr_raw": given["atr"],
    }
    table = pd.DataFrame(columns).dropna().astype("float32")
    values = np.ascontiguousarray(table.to_numpy())
    return {"rows": len(values), "columns": values.shape[1], "means": values.mean(axis=0, dtype="float64").tolist()}


serve(setup, {"features": features, "indicators": lambda: len(indicators())})
