import type { Clock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { operationStatuses, type Operation, type ServiceOrchestrator } from '../operations/index.ts';
import type { Followers } from './followers.ts';
import type { HostMetrics, HostState } from './host-metrics.ts';
import { binary, implement, type HandlerContext, type ImplementedEndpoint } from './implement.ts';
import {
  cancelOperation,
  getHealth,
  getMetrics,
  getOperation,
  getOperationLogs,
  getOperationMetrics,
  getOperationResult,
  getReadiness,
  listOperations,
  resumeOperation,
  retryOperation,
  startOperation,
  startUnnamedOperation,
  watchOperation,
  watchOperations,
} from './operation-endpoints.ts';
import { nextVersion, preferredWait } from './preferred-wait.ts';
import { rememberLast } from './remember-last.ts';
import type { ServerEvent } from './sse.ts';
import { followUpOptions, startOptions } from './start-headers.ts';

/** Says what keeps the service from its work, or nothing when it is ready. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

export function statusRoutes(
  service: { name: string; version: string },
  checks: Readonly<Record<string, ReadinessCheck>>,
): ImplementedEndpoint[] {
  return [
    implement(getHealth, () => ({ service: service.name, version: service.version, status: 'ok' as const })),
    implement(getReadiness, async () => {
      const failing: Record<string, string> = {};
      await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          const reason = await check();
          if (reason !== undefined) failing[name] = reason;
        }),
      );
      const reasons = Object.entries(failing).map(([name, reason]) => `${name}: ${reason}`);
      if (reasons.length > 0) {
        throw new KtrdrError('unavailable', `${service.name} is not ready. ${reasons.join('; ')}`, {
          details: { checks: failing },
        });
      }
      return { service: service.name, ready: true as const, checks: Object.keys(checks) };
    }),
  ];
}

export function metricsRoute(
  metrics: HostMetrics,
  orchestrator: ServiceOrchestrator,
  adapters: HostState['adapters'],
): ImplementedEndpoint {
  const { operations } = orchestrator;
  return implement(getMetrics, () => {
    const { contracts, resources } = orchestrator;
    const counts = contracts.flatMap(({ type }) =>
      operationStatuses.map((status) => {
        const count = operations.list({ type, status: [status], limit: 1 }).total;
        return { type, status, count };
      }),
    );
    const text = metrics.render({ operations: counts, resources, adapters });
    return binary(new TextEncoder().encode(text), 'text/plain; version=0.0.4; charset=utf-8');
  });
}

export function operationRoutes(
  orchestrator: ServiceOrchestrator,
  { prefix, clock, followers }: { prefix: string; clock: Clock; followers: Followers },
): ImplementedEndpoint[] {
  const { operations } = orchestrator;
  const started = (id: string, { setHeader }: Pick<HandlerContext, 'setHeader'>): Operation => {
    setHeader('location', `${prefix}/operations/${encodeURIComponent(id)}`);
    const operation = operations.get(id);
    followers.expect(operation);
    return operation;
  };
  return [
    implement(startOperation, ({ params: { type, id }, headers, body }, context) =>
      started(orchestrator.startByType(type, body, { ...startOptions(type, headers, context), id }).id, context),
    ),
    implement(startUnnamedOperation, ({ params: { type }, headers, body }, context) =>
      started(orchestrator.startByType(type, body, startOptions(type, headers, context)).id, context),
    ),
    implement(listOperations, ({ query: { status, type, parent, limit, cursor } }) =>
      operations.list({
        limit,
        ...(status === undefined ? {} : { status }),
        ...(type === undefined ? {} : { type }),
        ...(parent === undefined ? {} : { parent }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    ),
    // Before the operation of any id, which would take its path.
    implement(watchOperations, ({ query: { type, parent, after } }, { token, header }) => {
      const filter = { ...(type === undefined ? {} : { type }), ...(parent === undefined ? {} : { parent }) };
      const from = resumeAfter(after, header);
      return asEvents(operations.watchAll({ ...(from === undefined ? {} : { after: from }), filter, token }));
    }),
    implement(getOperation, async ({ params: { id }, query: { after }, headers: { prefer } }, { token, setHeader }) => {
      using _ = followers.follow(id);
      const seconds = preferredWait(prefer);
      if (seconds === undefined) return operations.get(id);
      setHeader('preference-applied', `wait=${seconds}`);
      return await nextVersion({ operations, id, after, token, clock, waitMs: seconds * 1_000 });
    }),
    implement(watchOperation, ({ params: { id }, query: { after } }, { token, header }) => {
      operations.get(id);
      const states = operations.watch(id, { after: resumeAfter(after, header) ?? 0, token });
      return asEvents(states, () => followers.follow(id));
    }),
    implement(getOperationResult, ({ params: { id } }) => {
      const { bytes, mediaType } = operations.result(id);
      return binary(bytes, mediaType);
    }),
    implement(getOperationMetrics, ({ params: { id }, query: { cursor, limit } }) =>
      operations.metrics(id, { after: cursor, limit }),
    ),
    implement(getOperationLogs, ({ params: { id }, query: { cursor, limit } }) =>
      operations.logs(id, { after: cursor, limit }),
    ),
    implement(cancelOperation, ({ params: { id }, body }) => operations.cancel(id, body?.reason)),
    implement(resumeOperation, ({ params: { id }, headers }, context) =>
      started(orchestrator.resume(id, followUpOptions(headers, context)).id, context),
    ),
    implement(retryOperation, ({ params: { id }, headers }, context) =>
      started(orchestrator.retry(id, followUpOptions(headers, context)).id, context),
    ),
  ];
}

/** Where a stream goes on: behind the last event that its reader had; undefined for a reader that has had none. */
function resumeAfter(after: number | undefined, header: HandlerContext['header']): number | undefined {
  const last = Number(header('last-event-id') || undefined);
  return Number.isNaN(last) ? after : Math.max(after ?? 0, last);
}

/** `begin` is called when the first event is asked for; what it returns is disposed of when nobody asks any more. */
async function* asEvents(
  states: AsyncIterable<Operation>,
  begin: () => Disposable | undefined = () => undefined,
): AsyncGenerator<ServerEvent, void, undefined> {
  using _ = begin();
  for await (const state of states) yield eventOf(state);
}

/** A state is never changed, only replaced: everybody who watches gets the same event. */
const eventOf = rememberLast((state: Operation): ServerEvent => ({
  id: String(state.version),
  event: 'operation',
  data: JSON.stringify(state),
}));
