import { beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import {
  gatewayFaultSchema,
  singleFaults,
  type FaultKind,
  type GatewayFault,
} from '../../src/ib/simulator/faults/faults.ts';
import type { GatewayRequest } from '../../src/ib/simulator/protocol/requests.ts';
import { barCount, type Bars } from '../../src/market/index.ts';
import { isTerminal, type Operation } from '../../src/operations/index.ts';
import { oneOf } from '../support/random.ts';
import { answersOfALoad, GatewayWorld, requestsOfALoad, type EndedLoad, type Held } from './gateway-world.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';

const { none: token } = CancellationToken;
const secondMs = 1_000;
const minuteMs = 60_000;

/** Thursday noon in New York. */
const noon = Date.parse('2025-06-12T16:00:30Z');
/** The nightly reset of that day lasts until 05:45. */
const beforeTheResetEnds = Date.parse('2025-06-12T05:44:00Z');
const sinceTheResetBegan = 89 * minuteMs;

/** However long a load holds out: its patience is bounded, and so are each request and each pause that IB asks for. */
const longestLoadMs = 30 * minuteMs;

/** What is injected for each kind of fault. A kind that is missing here does not compile, and one too many neither. */
const faults: { readonly [K in FaultKind]: readonly Omit<Extract<GatewayFault, { kind: K }>, 'kind'>[] } = {
  silence: [{}],
  mute_history: [{}],
  no_next_valid_id: [{}],
  split_frames: [{}],
  trickle: [{ bytesPerSecond: 1 }, { bytesPerSecond: 20_000 }],
  latency: [{ ms: 5 * secondMs }, { ms: 2 * minuteMs }],
  connectivity_lost: [{}, { dataLost: true }],
  farm_down: [{}],
  nightly_reset: [{ closeAfterMs: 0 }, { closeAfterMs: sinceTheResetBegan + 10 * secondMs }],
  accept_then_close: [{}, { count: 1_000 }],
  reset_at_connect: [{}, { count: 1_000 }],
  false_pacing_violation: [{}, { count: 1_000 }],
  different_ip: [{}, { count: 1_000 }],
  drop_mid_frame: [{}, { count: 1_000 }],
  extra_bar: [{}, { count: 1_000 }],
  stale_series: [{}],
  unordered_bars: [{}],
  duplicate_end: [{}, { count: 1_000 }],
  garbage_frame: [{}, { count: 1_000 }],
  drop_connections: [{}],
  bust_event: [{}],
};

/** When a fault begins. */
const phases = {
  'before the first connection': (_: GatewayWorld, act: () => void) => act(),
  'while the instrument is described': (world: GatewayWorld, act: () => void) =>
    onRequest(world, { kind: 'contract_details', count: 1 }, act),
  'while the first bar is asked for': (world: GatewayWorld, act: () => void) =>
    onRequest(world, { kind: 'head_timestamp', count: 1 }, act),
  'before the first answer': (world: GatewayWorld, act: () => void) =>
    onRequest(world, { kind: 'history', count: 1 }, act),
  'within an answer': (world: GatewayWorld, act: () => void) =>
    onAnswer(world, 1, () => void world.clock.after(300, act)),
  'between two answers': (world: GatewayWorld, act: () => void) => onRequest(world, { kind: 'history', count: 3 }, act),
  'before the last answer': (world: GatewayWorld, act: () => void) =>
    onRequest(world, { kind: 'history', count: requestsOfALoad }, act),
  'while the last answer is stored': (world: GatewayWorld, act: () => void) =>
    onAnswer(world, answersOfALoad, () => void world.clock.after(2 * secondMs, act)),
} as const;

type Phase = keyof typeof phases;

interface Case {
  readonly name: string;
  readonly fault: GatewayFault;
  readonly phase: Phase;
  /** How long it stands, in milliseconds; until it is lifted when absent. */
  readonly forMs?: number;
}

const kinds = gatewayFaultSchema.options.map(({ shape }) => shape.kind.value);

/** Every kind in every shape and phase: until it is lifted, and, where it stands, also for a while. */
const allCases: readonly Case[] = kinds.flatMap((kind) =>
  faults[kind].flatMap((shape) =>
    (Object.keys(phases) as Phase[]).flatMap((phase) => {
      const fault = { kind, ...shape } as GatewayFault;
      const name = `${kind} ${Object.keys(shape).length === 0 ? '' : `${JSON.stringify(shape)} `}${phase}`;
      const forMs = Math.ceil(randomOf(`while ${name}`)() * 40 * secondMs);
      const always = { name, fault, phase };
      return singleFaults.has(kind) ? [always] : [always, { ...always, name: `${name}, for ${forMs} ms`, forMs }];
    }),
  ),
);

const codesOfAFailure = ['unavailable', 'deadline_exceeded', 'rate_limited', 'data_corrupt', 'failed_precondition'];
const whatToDo =
  /try again|restart|start TWS|look for a dialog|log out|close (it|one)|enable API access|comes back by itself|load again/i;

/** One line of 60,000 bytes a second, so that an answer takes a while on its way. */
const line: GatewayFault = { kind: 'trickle', bytesPerSecond: 60_000 };

describe(`gateway faults in every phase of a load (seed ${seed})`, () => {
  let truth: Held;

  beforeAll(async () => {
    await using world = await begin(noon);
    const { operation, result } = await world.load('full').ended;
    expect(operation.status, operation.error?.detail).toBe('completed');
    expect(operation.progress.done).toBe(result?.loaded.segments);
    expect(world.gateway.counters.historyRequests).toBe(requestsOfALoad);
    expect(answersOf(world)).toBe(answersOfALoad);
    truth = await world.held();
    expect(truth.confirmedEmpty.length, 'there are holes to be wrong about').toBeGreaterThan(20);
  });

  it('knows every fault that there is', () => {
    expect(Object.keys(faults).toSorted()).toEqual(kinds.toSorted());
  });

  it.each(named(selected(allCases)))('%s', timeoutFor(20_000), async (_, one) => {
    await using world = await begin(one.fault.kind === 'nightly_reset' ? beforeTheResetEnds : noon);
    using fault = arm(world, one);
    const ended = await withinBounds(world, world.load(modeOf(one)).ended);
    expect(ended.operation.status).toMatch(/^(completed|failed)$/);
    await expectTrue(world, ended);
    fault[Symbol.dispose]();
    await expectAllThere(world);
  });

  it.each(named(selected(allCases.filter(({ forMs }) => forMs === undefined))))(
    '%s, and a cancel',
    timeoutFor(20_000),
    async (_, one) => {
      await using world = await begin(one.fault.kind === 'nightly_reset' ? beforeTheResetEnds : noon);
      using fault = arm(world, one);
      const load = world.load(modeOf(one));
      await Promise.race([fault.struck, load.ended]);
      await Promise.race([world.clock.sleep(randomOf(one.name)() * minuteMs, token), load.ended]);
      world.slowDown();
      const { status: before } = world.operations.get(load.id);
      const askedAt = performance.now();
      world.operations.cancel(load.id);
      const ended = await load.ended;
      expect(performance.now() - askedAt).toBeLessThan(secondMs);
      world.speedUp();
      const { status } = ended.operation;
      // It may have been at its end; then it has all there is.
      if (status !== 'completed') expect(status).toBe(isTerminal(before) ? before : 'cancelled');
      expect(ended.operation.error?.details).not.toMatchObject({ unconfirmed: true });
      await expectTrue(world, ended);
      fault[Symbol.dispose]();
      await expectAllThere(world);
    },
  );

  it('are told of while a load waits for an answer', async () => {
    await using world = await begin(noon);
    using _ = arm(world, { name: '', fault: { kind: 'mute_history' }, phase: 'before the first answer' });
    const { id, ended } = world.load('full');
    const told = /no answer from the gateway for 2\d s, giving up in [34]\d s at the latest$/;
    for await (const { message } of world.operations.watch(id)) if (told.test(message)) break;
    world.operations.cancel(id);
    expect((await ended).operation.status).toBe('cancelled');
  });

  /** Once nothing is wrong any more, a load brings all that is there. */
  async function expectAllThere(world: GatewayWorld): Promise<void> {
    const ended = await withinBounds(world, world.load('full').ended);
    expect(ended.operation.status, ended.operation.error?.detail).toBe('completed');
    await expectTrue(world, ended);
    expect(world.gateway.violations, 'the rules of IB are kept all the time').toEqual([]);
  }

  /** A load that has ended tells the truth: its bars, what it calls empty, what it calls missing, and why it failed. */
  async function expectTrue(world: GatewayWorld, { operation, result }: EndedLoad): Promise<void> {
    const held = await world.held();
    expect(inventedBars(held.bars, truth.bars)).toEqual([]);
    expect(falselyEmpty(held.confirmedEmpty, truth.bars)).toEqual([]);
    if (operation.status === 'cancelled') return;
    if (operation.status === 'failed') return expectClear(operation);
    expect(operation.status).toBe('completed');
    expect(held).toEqual(truth);
    const { gaps, ...coverage } = await world.coverage(result?.range ?? { start: 0, end: 0 });
    expect(result).toMatchObject({ coverage, gaps });
    expect(coverage).toMatchObject({ present: barCount(truth.bars), missing: 0 });
  }
});

function begin(now: number): Promise<GatewayWorld> {
  return GatewayWorld.start({ now, gateway: { seed: 7, holes: 0.02, latencyMs: 200, faults: [line] } });
}

/** Some for each kind of fault at a small scale, all at the scale of the long run. */
function selected(all: readonly Case[]): Case[] {
  const random = randomOf('selected');
  return kinds.flatMap((kind) => {
    const ofKind = all.filter(({ fault }) => fault.kind === kind);
    const drawn = ofKind.map((one) => ({ one, rank: random() })).toSorted((a, b) => a.rank - b.rank);
    return drawn.slice(0, scale >= 20 ? drawn.length : Math.ceil(scale)).map(({ one }) => one);
  });
}

function named(cases: readonly Case[]): [string, Case][] {
  return cases.map((one) => [one.name, one]);
}

function modeOf({ name }: Case): 'full' | 'backfill' {
  return oneOf(randomOf(`mode ${name}`), ['full', 'backfill']);
}

interface Armed extends Disposable {
  /** Resolves when the fault has begun. */
  readonly struck: Promise<void>;
}

/** Injects the fault when its moment has come, and lifts it when its time is over or when it is disposed. */
function arm(world: GatewayWorld, { fault, phase, forMs }: Case): Armed {
  const held: Disposable[] = [];
  let isOver = false;
  const struck = new Promise<void>((resolve) => {
    phases[phase](world, () => {
      if (isOver) return;
      // The slow line would go before.
      if (fault.kind === 'trickle') for (const { id } of world.gateway.faults) world.gateway.lift(id);
      const standing = world.gateway.inject(fault);
      held.push(standing);
      if (forMs !== undefined) held.push(world.clock.after(forMs, () => standing[Symbol.dispose]()));
      resolve();
    });
  });
  return {
    struck,
    [Symbol.dispose]() {
      isOver = true;
      for (const each of held.splice(0)) each[Symbol.dispose]();
    },
  };
}

function onRequest(
  { gateway }: GatewayWorld,
  { kind, count }: { kind: GatewayRequest['kind']; count: number },
  act: () => void,
): void {
  let seen = 0;
  gateway.onRequest((request) => {
    if (request.kind === kind && (seen += 1) === count) act();
  });
}

function answersOf({ gateway }: GatewayWorld): number {
  return gateway.messages.filter(({ direction, id }) => direction === 'sent' && id === historicalData).length;
}

/** When the gateway has begun to send the how-manieth answer with bars. */
function onAnswer({ gateway }: GatewayWorld, count: number, act: () => void): void {
  let seen = 0;
  gateway.onMessage(({ direction, id }) => {
    if (direction === 'sent' && id === historicalData && (seen += 1) === count) act();
  });
}

const historicalData = 17;

async function withinBounds(world: GatewayWorld, ended: Promise<EndedLoad>): Promise<EndedLoad> {
  let giveUp = (_error: Error): void => {};
  const hung = new Promise<never>((_, reject) => (giveUp = reject));
  using _ = world.clock.after(longestLoadMs, () => {
    const phase = world.operations.live.map(({ progress }) => progress.phase).join(', ');
    giveUp(new Error(`no end after ${longestLoadMs / minuteMs} minutes: ${phase}`));
  });
  return await Promise.race([ended, hung]);
}

function expectClear({ error, progress }: Operation): void {
  const about = `${JSON.stringify(error)} in phase "${progress.phase}"`;
  expect(codesOfAFailure, about).toContain(error?.code);
  expect(error?.detail, about).toMatch(whatToDo);
}

/** Bars that the truth does not have, or has otherwise. */
function inventedBars(bars: Bars, truth: Bars): string[] {
  const places = new Map(Array.from(truth.time, (stamp, index) => [stamp, index]));
  return Array.from(bars.time).flatMap((stamp, index) => {
    const at = places.get(stamp) ?? -1;
    const columns = ['open', 'high', 'low', 'close', 'volume'] as const;
    return columns.every((column) => Object.is(bars[column][index], truth[column][at]))
      ? []
      : [new Date(stamp).toISOString()];
  });
}

/** Bars of the truth of which it is held that they do not exist. */
function falselyEmpty(confirmedEmpty: Held['confirmedEmpty'], truth: Bars): string[] {
  return Array.from(truth.time).flatMap((stamp) =>
    confirmedEmpty.some(({ start, end }) => start <= stamp && stamp < end) ? [new Date(stamp).toISOString()] : [],
  );
}
