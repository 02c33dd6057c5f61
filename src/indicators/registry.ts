import { KtrdrError, nearestName } from '../base/index.ts';
import { adLine } from './ad-line.ts';
import { adx } from './adx.ts';
import { aroon } from './aroon.ts';
import { atr } from './atr.ts';
import { bollingerBands, bollingerBandWidth } from './bollinger-bands.ts';
import { cci } from './cci.ts';
import { cmf } from './cmf.ts';
import type { IndicatorDefinition } from './definition.ts';
import { distanceFromMa } from './distance-from-ma.ts';
import { donchianChannels } from './donchian-channels.ts';
import { ema } from './ema.ts';
import { fisherTransform } from './fisher-transform.ts';
import { ichimoku } from './ichimoku.ts';
import { keltnerChannels } from './keltner-channels.ts';
import { macd } from './macd.ts';
import { mfi } from './mfi.ts';
import { momentum } from './momentum.ts';
import { obv } from './obv.ts';
import { parabolicSar } from './parabolic-sar.ts';
import { roc } from './roc.ts';
import { rsi } from './rsi.ts';
import { rvi } from './rvi.ts';
import { sma } from './sma.ts';
import { squeezeIntensity } from './squeeze-intensity.ts';
import { stochastic } from './stochastic.ts';
import { superTrend } from './super-trend.ts';
import { volumeRatio } from './volume-ratio.ts';
import { vwap } from './vwap.ts';
import { williamsR } from './williams-r.ts';
import { wma } from './wma.ts';
import { zigzag } from './zigzag.ts';

/** Every indicator there is, in the order of a catalogue: by kind, the best known first. */
export const indicators: readonly IndicatorDefinition[] = [
  sma,
  ema,
  wma,
  macd,
  adx,
  aroon,
  superTrend,
  parabolicSar,
  distanceFromMa,
  rsi,
  stochastic,
  williamsR,
  cci,
  roc,
  momentum,
  rvi,
  fisherTransform,
  bollingerBands,
  bollingerBandWidth,
  keltnerChannels,
  atr,
  squeezeIntensity,
  obv,
  vwap,
  mfi,
  cmf,
  adLine,
  volumeRatio,
  donchianChannels,
  zigzag,
  ichimoku,
];

const byName = new Map(
  indicators.flatMap((definition) => [definition.type, ...definition.aliases].map((name) => [name, definition])),
);

export function indicatorTypes(): string[] {
  return indicators.map(({ type }) => type);
}

/**
 * The indicator of a type or alias; case, blanks, `_` and `-` do not matter, so `WilliamsR` and `williams_r` are one.
 * @throws KtrdrError `invalid_input` that names the nearest type, or all of them where none is near.
 */
export function findIndicator(type: string): IndicatorDefinition {
  const found = byName.get(plain(type));
  if (found !== undefined) return found;
  const near = nearestName(plain(type), [...byName.keys()]);
  const hint = near === undefined ? `use one of ${indicatorTypes().join(', ')}` : `did you mean "${near}"?`;
  throw new KtrdrError('invalid_input', `There is no indicator of type "${type}"; ${hint}`, {
    details: { type, ...(near === undefined ? {} : { nearest: near }) },
  });
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '');
