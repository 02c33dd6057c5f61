import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BarRow, barsOf } from './bars.fixture.ts';
import { findIndicator } from './registry.ts';

/** What the tables in `reference/` hold, and where they come from, its README tells. */
function table(name: string): Map<string, number[]> {
  const [header = '', ...lines] = readFileSync(new URL(`reference/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const rows = lines.map((line) => line.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell))));
  return new Map(header.split(',').map((column, index) => [column, rows.map((row) => row[index] ?? Number.NaN)]));
}

const bars = barsOf(
  readFileSync(new URL('reference/bars.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line): BarRow => {
      const [open = 0, high = 0, low = 0, close = 0, volume = 0] = line.split(',').map(Number);
      return [open, high, low, close, volume];
    }),
);

interface Comparison {
  /** The column of the table. */
  readonly column: string;
  readonly type: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The output of the indicator; its main one unless told. */
  readonly output?: string;
  /** The first row at which both have forgotten that they began in another way; the end of the warm-up unless told. */
  readonly from?: number;
}

function compare(name: string, comparisons: readonly Comparison[]): void {
  const reference = table(name);
  const rows = reference.get('row') ?? [];

  it.each(comparisons)('$column', ({ column, type, parameters = {}, output, from }) => {
    const indicator = findIndicator(type).configure(parameters);
    const ours = indicator.compute(bars)[output ?? indicator.outputs[0] ?? ''] ?? new Float64Array();
    const theirs = reference.get(column) ?? [];
    const start = from ?? indicator.warmUp;
    const compared = rows.flatMap((row, index) => (row < start ? [] : [[row, ours[row], theirs[index]] as const]));
    expect(compared.length).toBeGreaterThan(5);
    for (const [row, value = Number.NaN, expected = Number.NaN] of compared) {
      expect(Math.abs(value - expected), `row ${row}: ${value}, not ${expected}`).toBeLessThanOrEqual(
        1e-9 * Math.max(1, Math.abs(expected)),
      );
    }
  });

  it('compares every column', () => {
    expect(new Set(['row', ...comparisons.map(({ column }) => column)])).toEqual(new Set(reference.keys()));
  });
}

/** Where the two begin an exponential average in different ways: the difference has faded to 1e-9 by then. */
const faded = 220;

describe('values of TA-Lib', () => {
  compare('talib.csv', [
    { column: 'sma_20', type: 'sma' },
    { column: 'ema_20', type: 'ema', parameters: { adjust: false } },
    { column: 'wma_20', type: 'wma' },
    { column: 'macd_line', type: 'macd' },
    { column: 'macd_signal', type: 'macd', output: 'signal' },
    { column: 'macd_histogram', type: 'macd', output: 'histogram' },
    { column: 'rsi_14', type: 'rsi' },
    { column: 'atr_14', type: 'atr' },
    { column: 'adx_14', type: 'adx' },
    { column: 'plus_di_14', type: 'adx', output: 'plus_di' },
    { column: 'minus_di_14', type: 'adx', output: 'minus_di' },
    { column: 'willr_14', type: 'williamsr' },
    { column: 'cci_20', type: 'cci' },
    { column: 'mom_10', type: 'momentum' },
    { column: 'roc_10', type: 'roc' },
    { column: 'obv', type: 'obv' },
    { column: 'mfi_14', type: 'mfi' },
    { column: 'ad', type: 'adline' },
    { column: 'aroon_up', type: 'aroon' },
    { column: 'aroon_down', type: 'aroon', output: 'down' },
    { column: 'aroon_oscillator', type: 'aroon', parameters: { include_oscillator: true }, output: 'oscillator' },
    { column: 'sar', type: 'parabolicsar' },
    { column: 'sar_extended', type: 'parabolicsar', parameters: { initial_af: 0.03, step_af: 0.01, max_af: 0.1 } },
  ]);
});

describe('values of trading-signals', () => {
  compare('trading-signals.csv', [
    { column: 'stochastic_k', type: 'stochastic' },
    { column: 'stochastic_d', type: 'stochastic', output: 'd' },
    { column: 'vwap', type: 'vwap', parameters: { period: 0 } },
    { column: 'bb_upper', type: 'bollingerbands' },
    { column: 'bb_middle', type: 'bollingerbands', output: 'middle' },
    { column: 'bb_lower', type: 'bollingerbands', output: 'lower' },
    { column: 'cmf_21', type: 'cmf' },
    { column: 'donchian_upper', type: 'donchianchannels' },
    { column: 'donchian_middle', type: 'donchianchannels', output: 'middle' },
    { column: 'donchian_lower', type: 'donchianchannels', output: 'lower' },
    { column: 'ichimoku_conversion', type: 'ichimoku' },
    { column: 'ichimoku_base', type: 'ichimoku', output: 'kijun' },
    { column: 'keltner_upper', type: 'keltnerchannels', from: faded },
    { column: 'keltner_middle', type: 'keltnerchannels', output: 'middle', from: faded },
    { column: 'keltner_lower', type: 'keltnerchannels', output: 'lower', from: faded },
    { column: 'rvgi_10', type: 'rvi' },
    { column: 'supertrend', type: 'supertrend', from: faded },
    { column: 'supertrend_direction', type: 'supertrend', output: 'direction' },
  ]);
});

describe('values of pandas', () => {
  const smoothing = { use_sma_smoothing: true, smoothing_period: 10 };
  compare('pandas.csv', [
    { column: 'ema_adjusted', type: 'ema' },
    { column: 'distance_sma', type: 'distancefromma' },
    { column: 'distance_ema', type: 'distancefromma', parameters: { ma_type: 'EMA' }, from: faded },
    { column: 'bb_width', type: 'bollingerbandwidth' },
    { column: 'volume_ratio', type: 'volumeratio' },
    { column: 'vwap', type: 'vwap' },
    { column: 'vwap_close', type: 'vwap', parameters: { use_typical_price: false } },
    { column: 'cmf', type: 'cmf' },
    { column: 'cmf_mf_multiplier', type: 'cmf', output: 'mf_multiplier' },
    { column: 'cmf_mf_volume', type: 'cmf', output: 'mf_volume' },
    { column: 'cmf_momentum', type: 'cmf', output: 'momentum' },
    { column: 'cmf_signal', type: 'cmf', output: 'signal', from: faded },
    { column: 'cmf_histogram', type: 'cmf', output: 'histogram', from: faded },
    { column: 'cmf_above_zero', type: 'cmf', output: 'above_zero' },
    { column: 'cmf_below_zero', type: 'cmf', output: 'below_zero' },
    { column: 'ad_roc_10', type: 'adline', output: 'roc_10' },
    { column: 'ad_momentum_21', type: 'adline', output: 'momentum_21' },
    { column: 'ad_relative_strength', type: 'adline', output: 'relative_strength' },
    { column: 'ad_smoothed', type: 'adline', parameters: smoothing },
    {
      column: 'ad_smoothed_relative_strength',
      type: 'adline',
      parameters: smoothing,
      output: 'relative_strength',
    },
    { column: 'fisher', type: 'fishertransform', from: faded },
    { column: 'fisher_signal', type: 'fishertransform', output: 'signal', from: faded },
    { column: 'rvi', type: 'rvi' },
    { column: 'rvi_signal', type: 'rvi', output: 'signal' },
    { column: 'senkou_a', type: 'ichimoku', output: 'senkou_a' },
    { column: 'senkou_b', type: 'ichimoku', output: 'senkou_b' },
    { column: 'squeeze', type: 'squeezeintensity', from: faded },
  ]);
});
