import { allAtOnce, type Steps } from '../base/index.ts';
import { allocateBars, barColumns, barCount, barsPerStep, type Bars } from './bars.ts';

/** Joins series that follow each other in time. */
export function concatBars(parts: readonly Bars[]): Bars {
  return allAtOnce(concatBarsInSteps(parts));
}

export function* concatBarsInSteps(parts: readonly Bars[]): Steps<Bars> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const joined = allocateBars(parts.reduce((sum, part) => sum + barCount(part), 0));
  let offset = 0;
  for (const part of parts) {
    for (const column of barColumns) {
      for (let from = 0; from < barCount(part); from += barsPerStep) {
        joined[column].set(part[column].subarray(from, from + barsPerStep), offset + from);
        yield;
      }
    }
    offset += barCount(part);
  }
  return joined;
}

/** The sorted union by time of two series; where both have a bar the incoming one wins. */
export function mergeBars(held: Bars, incoming: Bars): Bars {
  return allAtOnce(mergeBarsInSteps(held, incoming));
}

export function* mergeBarsInSteps(held: Bars, incoming: Bars): Steps<Bars> {
  if (barCount(incoming) === 0) return held;
  if (barCount(held) === 0) return incoming;
  const picks = yield* mergeOrder(held.time, incoming.time);
  const merged = allocateBars(picks.length);
  for (const column of barColumns) {
    const sources = { held: held[column], incoming: incoming[column] };
    for (let from = 0; from < picks.length; from += barsPerStep) {
      pick(sources, picks.subarray(from, from + barsPerStep), merged[column].subarray(from));
      yield;
    }
  }
  return merged;
}

interface Columns {
  readonly held: Float64Array;
  readonly incoming: Float64Array;
}

function pick({ held, incoming }: Columns, picks: Int32Array, target: Float64Array): void {
  for (let index = 0; index < picks.length; index += 1) {
    const from = picks[index] ?? 0;
    target[index] = (from >= 0 ? held[from] : incoming[~from]) ?? Number.NaN;
  }
}

/** For each merged bar its index in `held`, or the bitwise complement of its index in `incoming`. */
function* mergeOrder(held: Float64Array, incoming: Float64Array): Steps<Int32Array> {
  const order = new Int32Array(held.length + incoming.length);
  const at = { held: 0, incoming: 0, merged: 0 };
  while (at.held < held.length || at.incoming < incoming.length) {
    orderNext({ held, incoming }, at, order.subarray(0, at.merged + barsPerStep));
    yield;
  }
  return order.subarray(0, at.merged);
}

/** Goes on with an order, from where it is to its end or that of both columns. */
function orderNext(
  { held, incoming }: Columns,
  at: { held: number; incoming: number; merged: number },
  order: Int32Array,
): void {
  let { held: fromHeld, incoming: fromIncoming, merged: count } = at;
  while (count < order.length && (fromHeld < held.length || fromIncoming < incoming.length)) {
    const heldTime = held[fromHeld] ?? Infinity;
    const incomingTime = incoming[fromIncoming] ?? Infinity;
    if (heldTime <= incomingTime) fromHeld += 1;
    if (incomingTime <= heldTime) fromIncoming += 1;
    order[count] = incomingTime <= heldTime ? ~(fromIncoming - 1) : fromHeld - 1;
    count += 1;
  }
  Object.assign(at, { held: fromHeld, incoming: fromIncoming, merged: count });
}
