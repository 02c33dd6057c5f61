"""Writes pandas.csv, the formulas that pandas can write down, from bars.csv: python make-pandas.py"""

from pathlib import Path

import numpy as np
import pandas as pd

folder = Path(__file__).parent
bars = pd.read_csv(folder / "bars.csv")
open_, high, low, close, volume = (bars[name].astype(float) for name in ("open", "high", "low", "close", "volume"))
typical = (high + low + close) / 3


def smooth(values, span):
    return values.ewm(span=span, adjust=False).mean()


def true_range():
    before = close.shift()
    return pd.concat([high - low, (high - before).abs(), (low - before).abs()], axis=1).max(axis=1)[1:].reindex(bars.index)


extent = high - low
multiplier = (((close - low) - (high - close)) / extent).where(extent != 0, 0.0)
flow = multiplier * volume
cmf = flow.rolling(21).sum() / volume.rolling(21).sum()
line = flow.cumsum()
smoothed = line.rolling(10).mean()
place = (2 * ((high + low) / 2 - low.rolling(10).min()) / (high.rolling(10).max() - low.rolling(10).min()) - 1).clip(-0.999, 0.999)
fisher = smooth(0.5 * np.log((1 + place) / (1 - place)), 3)
weights = np.array([1, 2, 2, 1]) / 6
four = lambda values: values.rolling(4).apply(lambda window: window @ weights, raw=True)
rvi = four(close - open_).rolling(10).mean() / four(extent).rolling(10).mean()
atr = true_range().ewm(alpha=1 / 10, adjust=False).mean()
middle, deviation = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
top, bottom = smooth(close, 20) + 2 * atr, smooth(close, 20) - 2 * atr
depth = np.minimum(top - (middle + 2 * deviation), (middle - 2 * deviation) - bottom)

out = pd.DataFrame({
    "ema_adjusted": close.ewm(span=20, adjust=True).mean(),
    "distance_sma": 100 * (close / middle - 1),
    "distance_ema": 100 * (close / smooth(close, 20) - 1),
    "bb_width": 4 * deviation / middle,
    "volume_ratio": volume / volume.rolling(20).mean(),
    "vwap": (typical * volume).rolling(20).sum() / volume.rolling(20).sum(),
    "vwap_close": (close * volume).rolling(20).sum() / volume.rolling(20).sum(),
    "cmf": cmf,
    "cmf_mf_multiplier": multiplier,
    "cmf_mf_volume": flow,
    "cmf_momentum": cmf - cmf.shift(5),
    "cmf_signal": smooth(cmf, 9),
    "cmf_histogram": cmf - smooth(cmf, 9),
    "cmf_above_zero": (cmf > 0).astype(float),
    "cmf_below_zero": (cmf < 0).astype(float),
    "ad_roc_10": 100 * line.pct_change(10),
    "ad_momentum_21": line - line.shift(21),
    "ad_relative_strength": 100 * (line / line.rolling(50).mean() - 1),
    "ad_smoothed": smoothed,
    "ad_smoothed_relative_strength": 100 * (smoothed / smoothed.rolling(50).mean() - 1),
    "fisher": fisher,
    "fisher_signal": fisher.shift(),
    "rvi": rvi,
    "rvi_signal": rvi.rolling(4).mean(),
    "senkou_a": ((high.rolling(9).max() + low.rolling(9).min() + high.rolling(26).max() + low.rolling(26).min()) / 4).shift(26),
    "senkou_b": ((high.rolling(52).max() + low.rolling(52).min()) / 2).shift(26),
    "squeeze": np.maximum(0, depth / (top - bottom)),
})
shown = [row for row in range(len(bars)) if row < 60 or row % 12 == 11]
out.loc[shown].to_csv(folder / "pandas.csv", index_label="row", float_format="%.11g", lineterminator="\n")
