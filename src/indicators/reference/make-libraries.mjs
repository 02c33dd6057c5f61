// Writes talib.csv and trading-signals.csv from bars.csv: node make-libraries.mjs NODE_MODULES
// where NODE_MODULES is a folder that holds talib-web 0.1.3 (TA-Lib 0.4 in WebAssembly) and trading-signals 8.3.0.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = import.meta.dirname;
const packages = resolve(process.argv[2]);
const {
  BollingerBands,
  CMF,
  DonchianChannels,
  IchimokuCloud,
  KeltnerChannels,
  RelativeVigorIndex,
  StochasticOscillator,
  SuperTrend,
  VWAP,
} = await import(pathToFileURL(join(packages, 'trading-signals/dist/index.js')).href);
const talib = createRequire(join(packages, 'x.js'))('talib-web');
const wasm = readFileSync(join(packages, 'talib-web/lib/talib.wasm'));
// talib-web fetches its code over HTTP, which Node's fetch refuses for files.
globalThis.fetch = async () => new Response(wasm, { headers: { 'content-type': 'application/wasm' } });
await talib.init('talib.wasm');

const rows = readFileSync(`${folder}/bars.csv`, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number));
const [open, high, low, close, volume] = [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column]));
const inReal = close;
const hlc = { high, low, close };
const shown = (row) => row < 60 || row % 12 === 11;

function write(name, columns) {
  const names = Object.keys(columns);
  const lines = [['row', ...names].join(',')];
  for (let row = 0; row < rows.length; row += 1) {
    if (!shown(row)) continue;
    lines.push(
      [
        row,
        ...names.map((n) => {
          const v = columns[n][row];
          return v === null || v === undefined || Number.isNaN(v) ? '' : String(Number(v.toPrecision(11)));
        }),
      ].join(','),
    );
  }
  writeFileSync(`${folder}/${name}`, lines.join('\n') + '\n');
}

// TA-Lib writes its first value to the front of the output; `first` is the bar that it belongs to.
const placed = (first, output) => rows.map((_, row) => (row < first ? NaN : output[row - first]));
const one = async (name, first, options) => placed(first, (await talib[name](options)).output);
const macd = await talib.MACD({ inReal, fastPeriod: 12, slowPeriod: 26, signalPeriod: 9 });
const aroon = await talib.AROON({ high, low, timePeriod: 14 });
const pick = (result, pattern) => result[Object.keys(result).find((key) => pattern.test(key))];
write('talib.csv', {
  sma_20: await one('SMA', 19, { inReal, timePeriod: 20 }),
  ema_20: await one('EMA', 19, { inReal, timePeriod: 20 }),
  wma_20: await one('WMA', 19, { inReal, timePeriod: 20 }),
  macd_line: placed(33, pick(macd, /^MACD$/i)),
  macd_signal: placed(33, pick(macd, /signal/i)),
  macd_histogram: placed(33, pick(macd, /hist/i)),
  rsi_14: await one('RSI', 14, { inReal, timePeriod: 14 }),
  atr_14: await one('ATR', 14, { ...hlc, timePeriod: 14 }),
  adx_14: await one('ADX', 27, { ...hlc, timePeriod: 14 }),
  plus_di_14: await one('PLUS_DI', 14, { ...hlc, timePeriod: 14 }),
  minus_di_14: await one('MINUS_DI', 14, { ...hlc, timePeriod: 14 }),
  willr_14: await one('WILLR', 13, { ...hlc, timePeriod: 14 }),
  cci_20: await one('CCI', 19, { ...hlc, timePeriod: 20 }),
  mom_10: await one('MOM', 10, { inReal, timePeriod: 10 }),
  roc_10: await one('ROC', 10, { inReal, timePeriod: 10 }),
  obv: await one('OBV', 0, { inReal, volume }),
  mfi_14: await one('MFI', 14, { ...hlc, volume, timePeriod: 14 }),
  ad: await one('AD', 0, { ...hlc, volume }),
  aroon_up: placed(14, pick(aroon, /up/i)),
  aroon_down: placed(14, pick(aroon, /down/i)),
  aroon_oscillator: await one('AROONOSC', 14, { high, low, timePeriod: 14 }),
  sar: await one('SAR', 1, { high, low, acceleration: 0.02, maximum: 0.2 }),
  sar_extended: (
    await one('SAREXT', 1, {
      high,
      low,
      startValue: 0,
      offsetOnReverse: 0,
      accelerationInitLong: 0.03,
      accelerationLong: 0.01,
      accelerationMaxLong: 0.1,
      accelerationInitShort: 0.03,
      accelerationShort: 0.01,
      accelerationMaxShort: 0.1,
    })
  ).map(Math.abs),
});

const candles = rows.map((_, row) => ({
  open: open[row],
  high: high[row],
  low: low[row],
  close: close[row],
  volume: volume[row],
}));
const stream = (indicator) => candles.map((candle) => indicator.add(candle));
const field = (results, name) => results.map((result) => result?.[name]);
const bands = ((indicator) => close.map((price) => indicator.add(price)))(new BollingerBands(20, 2));
const donchian = stream(new DonchianChannels(20));
const cloud = stream(new IchimokuCloud());
const keltner = stream(new KeltnerChannels());
const trend = stream(new SuperTrend());
const stochastic = stream(new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }));
write('trading-signals.csv', {
  stochastic_k: field(stochastic, 'stochK'),
  stochastic_d: field(stochastic, 'stochD'),
  // A bar without volume leaves the price as it was; `add` answers nothing then.
  vwap: candles.map(((indicator) => (candle) => (indicator.add(candle), indicator.getResult()))(new VWAP())),
  bb_upper: field(bands, 'upper'),
  bb_middle: field(bands, 'middle'),
  bb_lower: field(bands, 'lower'),
  cmf_21: stream(new CMF(21)),
  donchian_upper: field(donchian, 'upper'),
  donchian_middle: field(donchian, 'middle'),
  donchian_lower: field(donchian, 'lower'),
  ichimoku_conversion: field(cloud, 'conversion'),
  ichimoku_base: field(cloud, 'base'),
  keltner_upper: field(keltner, 'upper'),
  keltner_middle: field(keltner, 'middle'),
  keltner_lower: field(keltner, 'lower'),
  rvgi_10: field(stream(new RelativeVigorIndex(10)), 'rvgi'),
  supertrend: field(trend, 'supertrend'),
  supertrend_direction: field(trend, 'trend').map((state) =>
    state === undefined ? NaN : state === 'BULLISH' ? 1 : -1,
  ),
});
