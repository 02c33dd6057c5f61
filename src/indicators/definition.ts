import { parse, type Schema } from '../base/index.ts';
import type { Bars } from '../market/index.ts';
import { type BarValue, columnsOfSource, sources } from './columns.ts';
import { overKnownStretches } from './known-stretches.ts';

/**
 * What an indicator is about: where the price goes, how fast, how far it swings, how much is traded, between which
 * levels it moves, or several of these.
 */
export type IndicatorKind = 'trend' | 'momentum' | 'volatility' | 'volume' | 'support_resistance' | 'multi_purpose';

export type IndicatorParameters = Readonly<Record<string, number | string | boolean>>;

/** One column for each output, as long as the bars. */
export type IndicatorColumns = Readonly<Record<string, Float64Array>>;

/** An indicator before it has parameters: what there is to configure, and what comes out. */
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
  /**
   * The names of the columns, the main one first; an indicator with a single column calls it `value`. Some parameters
   * leave one of them out.
   */
  readonly outputs: readonly [string, ...string[]];
  /**
   * An indicator with these parameters, defaults filled in.
   * @throws KtrdrError `invalid_input` naming each parameter that is unknown or out of range.
   */
  configure(parameters?: unknown): Indicator;
}

/**
 * An indicator with its parameters. A value depends on its own bar and earlier ones only. It is NaN during the warm-up
 * and where a ratio has no denominator (a change against a price of 0). Where a number that the indicator reads is
 * missing (NaN, or not finite) it is NaN too, and begins anew behind that bar, with its warm-up.
 */
export interface Indicator {
  readonly type: string;
  readonly parameters: IndicatorParameters;
  readonly outputs: readonly string[];
  /** The columns of the bars that it reads: all others may be unknown, as are the volumes of currencies. */
  readonly reads: readonly BarValue[];
  /** How many bars pass before the first value: the values at indices below `warmUp` are NaN in every column. */
  readonly warmUp: number;
  compute(bars: Bars): IndicatorColumns;
}

/**
 * What the author of an indicator writes. Parameters are parsed before they reach the functions, and `compute` sees
 * nothing but finite numbers in the columns that it reads.
 */
export interface IndicatorSpec<Parameters extends IndicatorParameters, Output extends string> {
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly kind: IndicatorKind;
  readonly parameters: Schema<Parameters>;
  readonly outputs: readonly [Output, ...Output[]];
  /** `source` stands for the columns that the parameter of this name chooses. */
  readonly reads: readonly (BarValue | 'source')[];
  /** The outputs that these parameters leave out; none unless told. */
  leavesOut?(parameters: NoInfer<Parameters>): readonly NoInfer<Output>[];
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
      const leftOut = spec.leavesOut?.(parameters) ?? [];
      const kept = outputs.filter((output) => !leftOut.includes(output));
      const reads = columnsRead(spec.reads, parameters);
      return {
        type,
        parameters,
        outputs: kept,
        reads,
        warmUp: spec.warmUp(parameters),
        compute(bars) {
          return overKnownStretches(bars, reads, (stretch) => {
            const columns = spec.compute(stretch, parameters);
            return Object.fromEntries(kept.map((output) => [output, columns[output]]));
          });
        },
      };
    },
  };
}

function columnsRead(reads: readonly (BarValue | 'source')[], { source }: IndicatorParameters): readonly BarValue[] {
  return [
    ...new Set(
      reads.flatMap((name) =>
        name === 'source' ? columnsOfSource(sources.find((known) => known === source) ?? 'close') : [name],
      ),
    ),
  ];
}
