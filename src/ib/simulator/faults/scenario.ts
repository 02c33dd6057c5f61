import { z } from 'zod';
import type { Clock } from '../../../async/index.ts';
import type { Logger } from '../../../base/index.ts';
import type { GatewaySimulator } from '../gateway-simulator.ts';
import { gatewayFaultSchema } from './faults.ts';
import type { GatewayRequest } from '../protocol/requests.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `1.5h`: milliseconds. */
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 90s, 10m or 2h')
  .transform((text) => {
    const [, number = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
    return Math.round(Number(number) * (unitMs[unit] ?? 0));
  });

const instant = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/,
    'must be a time in UTC such as 2020-03-02T05:15Z; quote it if it was read as something else',
  )
  .transform((text, context) => {
    const at = Date.parse(text);
    if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: `there is no time ${text}` });
    return at;
  });

const requestKinds = [
  'start_api',
  'contract_details',
  'history',
  'cancel_history',
  'head_timestamp',
  'cancel_head_timestamp',
  'matching_symbols',
  'current_time',
] as const satisfies GatewayRequest['kind'][];

const trigger = z.strictObject({
  /** The kind of the request that is waited for. */
  request: z.enum(requestKinds),
  /** Only those for this symbol. */
  symbol: z.string().optional(),
  /** The how-manieth of them. */
  count: z.number().int().min(1).default(1),
});

type Trigger = z.output<typeof trigger>;

const step = z
  .strictObject({
    /** By the gateway's clock. */
    at: instant.optional(),
    /** After the scenario began. */
    after: duration.optional(),
    /** Before the request that is waited for is answered. */
    when: trigger.optional(),
    inject: gatewayFaultSchema.optional(),
    /** What the fault is called by a later `lift`. */
    as: z.string().min(1).optional(),
    /** How long the fault stands; without it until a `lift`. */
    for: duration.optional(),
    lift: z.string().min(1).optional(),
  })
  .check(({ value, issues }) => {
    const complain = (message: string): void => void issues.push({ code: 'custom', message, input: value });
    const times = [value.at, value.after, value.when].filter((part) => part !== undefined).length;
    const acts = [value.inject, value.lift].filter((part) => part !== undefined).length;
    if (times !== 1) complain('needs one of "at", "after" and "when"');
    if (acts !== 1) complain('needs one of "inject" and "lift"');
    if (value.inject === undefined && (value.as !== undefined || value.for !== undefined))
      complain('"as" and "for" belong to an "inject"');
  });

/** What happens to a gateway, and when. */
export const scenarioSchema = z
  .strictObject({ name: z.string().optional(), steps: z.array(step).min(1) })
  .check(({ value, issues }) => {
    const named = new Set(value.steps.map(({ as }) => as));
    for (const [index, { lift }] of value.steps.entries()) {
      if (lift === undefined || named.has(lift)) continue;
      const message = `no step calls its fault "${lift}" by "as"`;
      issues.push({ code: 'custom', message, input: lift, path: ['steps', index, 'lift'] });
    }
  });

export type Scenario = z.output<typeof scenarioSchema>;
type Step = Scenario['steps'][number];

interface Stage {
  readonly gateway: Pick<GatewaySimulator, 'inject' | 'onRequest'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Logger;
}

/** Plays a scenario from now on. Disposing ends it and lifts what it has injected. */
export function playScenario({ steps }: Scenario, { gateway, clock, log }: Stage): Disposable {
  const standing = new Map<Step, Disposable>();
  const held: Disposable[] = [];
  const act = (current: Step): void => {
    if (current.lift !== undefined) {
      log.info('scenario lifts a fault', { fault: current.lift });
      for (const [earlier, fault] of standing) if (earlier.as === current.lift) fault[Symbol.dispose]();
    }
    if (current.inject === undefined) return;
    log.info('scenario injects a fault', { fault: current.inject.kind });
    const fault = gateway.inject(current.inject);
    standing.set(current, fault);
    if (current.for !== undefined) held.push(clock.after(current.for, () => fault[Symbol.dispose]()));
  };
  for (const current of steps) {
    if (current.when !== undefined) held.push(whenAsked(gateway, current.when, () => act(current)));
    const delay = current.at === undefined ? current.after : Math.max(0, current.at - clock.now());
    if (delay !== undefined) held.push(clock.after(delay, () => act(current)));
  }
  return {
    [Symbol.dispose]() {
      for (const one of [...held, ...standing.values()]) one[Symbol.dispose]();
    },
  };
}

function whenAsked(
  gateway: Pick<GatewaySimulator, 'onRequest'>,
  { request: kind, symbol, count }: Trigger,
  act: () => void,
): Disposable {
  let seen = 0;
  return gateway.onRequest((request) => {
    if (request.kind !== kind || (symbol !== undefined && symbolOf(request) !== symbol)) return;
    seen += 1;
    if (seen === count) act();
  });
}

function symbolOf(request: GatewayRequest): string | undefined {
  return 'contract' in request ? request.contract.symbol : undefined;
}
