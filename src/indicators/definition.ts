import { parse, type Schema } from '../base/index.ts';
import type { Bars } from '../market/index.ts';

/** What an indicator tells of: where the price goes, how fast, how far it swings, or how much is traded. */
type IndicatorKind = 'trend' | 'momentum' | 'volatility' | 'volume';

export type IndicatorParameters = Readonly<Record<string, number | string | boolean>>;

/** One column for each output, as long as the bars. */
export type IndicatorColumns = Readonly<Record<string, Float64Array>>;

/** An entry of the catalogue: what there is to configure, and what comes out. */
export interface IndicatorDefinition {
  /** The name in a strategy file, for example `rsi`. */
  readonly type: string;
  /** Other names that a strategy file may use. */
  readonly aliases: readonly string[];
  /** The name that people read, for example `Relative Strength Index`. */
  readonly name: string;
  readonly description: string;
  readonly kind: IndicatorKind;
  readonly parameters: Schema<IndicatorParameters>;
  /** The names of the columns, the main one first; an indicator with a single column calls it `value`. */
  readonly outputs: readonly [string, ...string[]];
  /**
   * An indicator with these parameters, defaults filled in.
   * @throws KtrdrError `invalid_input` naming each parameter that is unknown or out of range.
   */
  configure(parameters?: unknown): Indicator;
}

/**
 * An indicator with its parameters. A value depends on its own bar and earlier ones only. It is NaN during the warm-up,
 * where an input is NaN, and where a ratio has no denominator (a change against a price of 0).
 */
interface Indicator {
  readonly type: string;
  readonly parameters: IndicatorParameters;
  readonly outputs: readonly [string, ...string[]];
  /** How many bars pass before the first value: the values at indices below `warmUp` are NaN in every column. */
  readonly warmUp: number;
  compute(bars: Bars): IndicatorColumns;
}

/** What the author of an indicator writes; parameters are parsed before they reach `warmUp` and `compute`. */
export interface IndicatorSpec<Parameters extends IndicatorParameters, Output extends string> {
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly kind: IndicatorKind;
  readonly parameters: Schema<Parameters>;
  readonly outputs: readonly [Output, ...Output[]];
  warmUp(parameters: NoInfer<Parameters>): number;
  compute(bars: Bars, parameters: NoInfer<Parameters>): Readonly<Record<Output, Float64Array>>;
}

export function defineIndicator<Parameters extends IndicatorParameters, const Output extends string>(
  spec: IndicatorSpec<Parameters, Output>,
): IndicatorDefinition {
  const { type, aliases = [], name, description, kind, outputs } = spec;
  return {
    type,
    aliases,
    name,
    description,
    kind,
    parameters: spec.parameters,
    outputs,
    configure(given = {}) {
      const parameters = parse(spec.parameters, given, `The configuration of the indicator "${type}"`);
      return {
        type,
        parameters,
        outputs,
        warmUp: spec.warmUp(parameters),
        compute: (bars) => spec.compute(bars, parameters),
      };
    },
  };
}
