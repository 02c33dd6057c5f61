import { z } from 'zod';
import { KtrdrError } from '../../base/index.ts';
import { defineEndpoint, implement, type ImplementedEndpoint } from '../../service/index.ts';
import { gatewayFaultSchema } from './faults/faults.ts';
import type { GatewaySimulator } from './gateway-simulator.ts';
import { understand } from './protocol/understood-message.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { dayMs } from '../../market/index.ts';

const standingFault = z.object({ id: z.number(), fault: gatewayFaultSchema, struck: z.number() });

const openRequest = z.object({
  connection: z.number(),
  request: z.number(),
  kind: z.string(),
  symbol: z.string(),
  since: z.number(),
  live: z.boolean(),
});

const violation = z.object({ at: z.number(), connection: z.number(), request: z.number(), rule: z.string() });

const message = z.object({
  sequence: z.number(),
  at: z.number(),
  connection: z.number(),
  direction: z.enum(['received', 'sent']),
  id: z.union([z.number(), z.literal('greeting')]),
  name: z.string(),
  fields: z.array(z.string()),
  fieldCount: z.number(),
  /** What a received message asks for, by name. */
  request: z.looseObject({ kind: z.string() }).optional(),
});

const getGateway = defineEndpoint({
  method: 'GET',
  path: '/gateway',
  summary:
    'Where the simulated gateway listens, what time it is there, who is connected, what is open, what was counted',
  response: z.object({
    host: z.string(),
    port: z.number(),
    serverVersion: z.number(),
    now: z.number(),
    speed: z.number(),
    counters: z.record(z.string(), z.number()),
    clients: z.array(z.object({ connection: z.number(), client: z.number(), version: z.number() })),
    openRequests: z.array(openRequest),
    violations: z.array(violation),
    faults: z.array(standingFault),
  }),
});

const advanceClock = defineEndpoint({
  method: 'POST',
  path: '/gateway/clock/advance',
  summary: 'Advances the clock of the simulated gateway; what is due on the way happens, in order',
  body: z.strictObject({
    ms: z
      .number()
      .int()
      .min(1)
      .max(366 * dayMs),
  }),
  response: z.object({ now: z.number() }),
});

const injectFault = defineEndpoint({
  method: 'POST',
  path: '/gateway/faults',
  summary: 'Makes something go wrong',
  body: gatewayFaultSchema,
  response: standingFault,
  status: 201,
});

const liftFault = defineEndpoint({
  method: 'DELETE',
  path: '/gateway/faults/{id}',
  summary: 'Ends a fault that stands, or withdraws one that has not struck yet',
  params: z.object({ id: z.coerce.number().int() }),
  response: z.object({ lifted: z.literal(true) }),
});

const listMessages = defineEndpoint({
  method: 'GET',
  path: '/gateway/messages',
  summary: 'The frames that crossed the wire, oldest first; `next` is the cursor to go on from',
  query: z.object({
    after: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  response: z.object({ messages: z.array(message), next: z.number() }),
});

/** What the control port of a simulated gateway answers. */
export function controlEndpoints(gateway: GatewaySimulator, clock: VirtualClock): ImplementedEndpoint[] {
  return [
    implement(getGateway, () => ({
      host: gateway.host,
      port: gateway.port,
      serverVersion: gateway.serverVersion,
      now: clock.now(),
      speed: clock.speed,
      counters: { ...gateway.counters },
      clients: [...gateway.clients],
      openRequests: [...gateway.openRequests],
      violations: [...gateway.violations],
      faults: [...gateway.faults],
    })),
    implement(advanceClock, ({ body: { ms } }) => {
      clock.advance(ms);
      return { now: clock.now() };
    }),
    implement(injectFault, ({ body }) => {
      const { id, fault, struck } = gateway.inject(body);
      return { id, fault, struck };
    }),
    implement(liftFault, ({ params: { id } }) => {
      if (!gateway.lift(id)) throw new KtrdrError('not_found', `No fault ${id} is in force.`);
      return { lifted: true as const };
    }),
    implement(listMessages, ({ query: { after, limit } }) => {
      const messages = gateway.messagesAfter(after, limit).map((one) => {
        const { request, ...logged } = understand(one);
        return { ...logged, fields: [...one.fields], ...(request === undefined ? {} : { request: { ...request } }) };
      });
      return { messages, next: messages.at(-1)?.sequence ?? after };
    }),
  ];
}
