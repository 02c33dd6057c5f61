import { isMap, isScalar, isSeq, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { keysAt, KtrdrError } from '../base/index.ts';
import { findIndicator, type IndicatorDefinition } from '../indicators/index.ts';
import type { Remark } from './upgrade-notes.ts';
import {
  entryOf,
  listIn,
  keyOf,
  mapIn,
  put,
  putFirst,
  rename,
  scalarLike,
  take,
  valueIn,
  type Entry,
} from './yaml-edit.ts';

/**
 * Indicators from a list to a map, and fuzzy sets with the indicator that they are about. Grammar 2.0 took a set to be
 * about the indicator of its own name, about its main output, and about close / average where that is an average.
 */
export function upgradeIndicators(strategy: YAMLMap, remark: Remark): void {
  const indicators = indicatorMap(listIn(strategy, 'indicators') ?? new YAMLSeq(), remark);
  put(strategy, 'indicators', indicators);
  const sets = mapIn(strategy, 'fuzzy_sets');
  const distances = new Set<string>();
  for (const entry of sets?.items ?? []) {
    if (!isMap(entry.value) || entryOf(entry.value, 'indicator') !== undefined) continue;
    const name = keyOf(entry);
    const path = `fuzzy_sets.${name}`;
    const id = idFor(name, indicators) ?? derived(name, indicators);
    const definition = definitionOf(valueIn(mapIn(indicators, id ?? ''), 'type'));
    if (id !== undefined && definition !== undefined && averages.has(definition.type)) {
      toDistance(indicators, id, definition);
      distances.add(id);
    }
    if (id !== undefined && distances.has(id)) {
      for (const member of entry.value.items) asPercent(member);
      remark(
        path,
        entry.key,
        `"${path}" is about close / average; "${id}" and its words are in percent off the average now.`,
      );
    }
    const now = definitionOf(valueIn(mapIn(indicators, id ?? ''), 'type'));
    const [main, ...others] = now?.outputs ?? ['value'];
    const reference = others.length > 0 ? `${id ?? name}.${main}` : (id ?? name);
    if (reference !== name) remark(path, entry.key, `"${path}" is about ${reference}.`);
    putFirst(entry.value, 'indicator', reference);
  }
}

function indicatorMap(list: YAMLSeq, remark: Remark): YAMLMap {
  const map = new YAMLMap();
  if (list.commentBefore !== undefined) map.commentBefore = list.commentBefore;
  for (const [index, item] of list.items.entries()) {
    const indicator = isMap(item) ? item : new YAMLMap();
    const wanted = String(valueIn(indicator, 'feature_id') ?? valueIn(indicator, 'name') ?? `indicator_${index + 1}`);
    const id = entryOf(map, wanted) === undefined ? wanted : `${wanted}_${index + 1}`;
    if (id !== wanted) {
      remark(`indicators.${index}`, item, `there are two indicators "${wanted}"; this one is "${id}" now.`);
    }
    take(indicator, 'feature_id');
    const name = entryOf(indicator, 'name');
    if (name !== undefined) rename(name, 'type');
    const nested = take(indicator, 'parameters')?.value;
    if (isMap(nested)) indicator.items.push(...nested.items);
    renameParameters(indicator, id, remark);
    const key = new Scalar(id);
    if (indicator.range !== undefined) key.range = indicator.range;
    if (indicator.commentBefore !== undefined) key.commentBefore = indicator.commentBefore;
    indicator.commentBefore = null;
    map.items.push(new Pair(key, indicator));
  }
  return map;
}

/** `fast_period` is `fast` now, `window` and `length` are `period`, `std` is `multiplier`, and so on. */
function renameParameters(indicator: YAMLMap, id: string, remark: Remark): void {
  const definition = definitionOf(valueIn(indicator, 'type'));
  if (definition === undefined) return;
  const known = keysAt(definition.parameters, [], {});
  for (const entry of indicator.items) {
    const name = keyOf(entry);
    if (known.includes(name)) continue;
    const now = namesNow(name).find((candidate) => known.includes(candidate));
    // When a parameter is written under both names, nobody knows which one was meant.
    if (now === undefined || entryOf(indicator, now) !== undefined) continue;
    rename(entry, now);
    remark(`indicators.${id}.${name}`, entry.key, `"${name}" of "${id}" is "${now}" now.`);
  }
}

const spans = /_?(period|periods|length|window|lookback|timeperiod)$/;
const widths = /(^|_)(std|std_dev|stddev|num_std|nbdev|mult|factor)$/;

/** What a parameter of an older file, or of the libraries that such files follow, may be called here. */
function namesNow(name: string): string[] {
  if (['column', 'price', 'price_source'].includes(name)) return ['source'];
  if (widths.test(name)) return [name.replace(widths, '$1multiplier')];
  if (!spans.test(name)) return [];
  const of = name.replace(spans, '');
  return of === '' ? ['period'] : [of, `${of}_period`];
}

/** The indicator that a fuzzy set of a name is about: the one of that id, of that type, or one whose id the name begins with. */
function idFor(name: string, indicators: YAMLMap): string | undefined {
  const ids = indicators.items.map(keyOf);
  if (ids.includes(name)) return name;
  const wanted = definitionOf(name);
  const sameType = ids.find(
    (id) => wanted !== undefined && definitionOf(valueIn(mapIn(indicators, id), 'type')) === wanted,
  );
  return sameType ?? ids.find((id) => name.startsWith(id) || id.startsWith(name));
}

/** Some names stood for indicators that nobody had to list; the width of Bollinger bands was that of those in the list. */
function derived(name: string, indicators: YAMLMap): string | undefined {
  const definition = definitionOf(name);
  if (definition === undefined) return undefined;
  const listed = indicators.items.find((entry) => definitionOf(typeOf(entry)) === definitionOf('bollingerbands'));
  const isWidth = definition === definitionOf('bollingerbandwidth');
  const indicator = isWidth && isMap(listed?.value) ? listed.value.clone() : new YAMLMap();
  if (isMap(indicator)) put(indicator, 'type', definition.type);
  put(indicators, name, indicator);
  return name;
}

function typeOf({ value }: Entry): unknown {
  return isMap(value) ? valueIn(value, 'type') : undefined;
}

function definitionOf(type: unknown): IndicatorDefinition | undefined {
  try {
    return findIndicator(String(type));
  } catch (thrown) {
    if (KtrdrError.from(thrown).code === 'invalid_input') return undefined;
    throw thrown;
  }
}

const averages: ReadonlyMap<string, string> = new Map(
  (['SMA', 'EMA'] as const).map((name) => [findIndicator(name).type, name]),
);

function toDistance(indicators: YAMLMap, id: string, { type }: IndicatorDefinition): void {
  const indicator = mapIn(indicators, id);
  if (indicator === undefined) return;
  put(indicator, 'type', 'distancefromma');
  put(indicator, 'ma_type', averages.get(type), 'type');
  take(indicator, 'adjust');
}

/** The words of `close / average` in percent off the average: 1.02 is 2. Widths grow as well, but have no zero to move. */
function asPercent(member: { value: unknown }): void {
  const { value } = member;
  const type = isMap(value) ? valueIn(value, 'type') : 'triangular';
  const numbers = isMap(value) ? listIn(value, 'parameters')?.items : isSeq(value) ? value.items : undefined;
  if (numbers === undefined) return;
  for (const [index, node] of numbers.entries()) {
    const number = Number(isScalar(node) ? node.value : node);
    const isWidth = type === 'gaussian' && index === 1;
    if (Number.isFinite(number))
      numbers[index] = scalarLike(Number((100 * (isWidth ? number : number - 1)).toFixed(9)), node);
  }
}
