import { isTerminal, type MetricsPage, type Operation, type OperationStatus } from '../../../operations/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import { withApi } from '../api-client.ts';
import { cancelOperation } from '../cancel-operation.ts';
import { formatDuration, formatPercent } from '../format.ts';
import type { CommandContext } from '../programs/command.ts';
import { closingLine } from '../display/progress-lines.ts';
import { errorOf, noteLeft, type LongWorkOptions } from '../run-operation.ts';
import { printJson, table, terminal, type JsonSchemaName } from '../terminal.ts';
import { notAwaited, watchOperation, type Watched } from '../watch-operation.ts';

export interface ListOptions {
  status?: OperationStatus[];
  type?: string;
  parent?: string;
  limit: number;
  cursor?: string;
  json?: boolean;
}

export type FollowOptions = Pick<LongWorkOptions, 'json' | 'ndjson'>;

export interface AgainOptions extends FollowOptions {
  follow?: boolean;
}

export async function list(
  { settings, token }: CommandContext,
  { status, type, parent, limit, cursor, json = false }: ListOptions,
): Promise<void> {
  const filter = {
    limit,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(parent === undefined ? {} : { parent }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  const page = await withApi(settings, (client) => client.list(filter, token));
  const { operations, nextCursor } = page;
  if (json) printJson('ktrdr.ops.list/1', page);
  else if (operations.length === 0) terminal.print('There are no such operations.');
  else {
    const rows = operations.map(({ id, status: state, progress, createdAt, message }) => [
      id,
      state,
      formatPercent(progress.fraction),
      new Date(createdAt).toISOString().slice(0, 19).replace('T', ' '),
      message,
    ]);
    terminal.print(table(['id', 'status', '>done', 'created (UTC)', 'what'], rows));
    if (nextCursor !== undefined) terminal.note(`There are more: add --cursor ${nextCursor}`);
  }
}

export async function status(
  { settings, token }: CommandContext,
  id: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  const operation = await withApi(settings, (client) => client.get(id, token));
  if (json) printJson('ktrdr.ops.status/1', operation);
  else terminal.print(described(operation));
}

/** Ends as the operation does, so that a script can wait for it. */
export async function follow(context: CommandContext, id: string, options: FollowOptions): Promise<void> {
  const { settings, token } = context;
  const watched = await withApi(settings, async (client) =>
    watchOperation({
      client,
      context,
      operation: await client.get(id, token),
      onInterrupt: 'leave',
      canDetach: true,
      ndjson: options.ndjson === true,
    }),
  );
  finish('ktrdr.ops.follow/1', watched, options);
}

/** @throws KtrdrError what an operation ended with that did not complete. */
function finish(
  schema: JsonSchemaName,
  { operation, isLeft }: Watched,
  { json = false, ndjson = false }: FollowOptions,
): void {
  if (json || ndjson) printJson(schema, operation);
  if (isLeft && !ndjson) noteLeft(operation.id);
  if (!isLeft && operation.status !== 'completed') throw errorOf(operation);
}

/** All points of an operation's curves: a line of CSV for each, with the time and every value that there is, or JSON. */
export async function metrics(
  { settings, token }: CommandContext,
  id: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  const points = await withApi(settings, async (client) => {
    const known: MetricsPage['points'] = [];
    for (let cursor = 0; ;) {
      const page = await client.metricsOf({ id, cursor, limit: 10_000 }, token);
      for (const point of page.points) {
        while ((known.at(-1)?.step ?? -Infinity) >= point.step) known.pop();
        known.push(point);
      }
      if (!page.more) return known;
      cursor = page.cursor;
    }
  });
  if (json) {
    printJson('ktrdr.ops.metrics/1', { points });
    return;
  }
  const names = [...new Set(points.flatMap(({ values }) => Object.keys(values)))];
  terminal.print(['step', 'time', ...names].join(','));
  for (const { step, at, values } of points) {
    terminal.print([step, new Date(at).toISOString(), ...names.map((name) => values[name] ?? '')].join(','));
  }
}

export async function cancel(
  { settings, token, interruption }: CommandContext,
  id: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  // It has been asked to stop; to wait for that is all that can be given up.
  using answer = interruption.answerWith({ first: () => {}, second: () => notAwaited(id) });
  void answer;
  const last = await withApi(settings, (client) => cancelOperation({ client, id, token }));
  if (json) {
    printJson('ktrdr.ops.cancel/1', last);
    return;
  }
  terminal.print(closingLine(last));
  const { cancellation } = last;
  if (last.status === 'cancelled' && cancellation?.stoppedAt !== undefined) {
    terminal.print(`  stopped ${cancellation.stoppedAt - cancellation.requestedAt} ms after it was asked`);
  } else if (isTerminal(last.status)) {
    terminal.print(`  it had ${last.status} before it could be cancelled`);
  }
}

/** Goes on from an ended operation. */
export function resume(context: CommandContext, id: string, options: AgainOptions): Promise<void> {
  const start: Again['start'] = (client) => client.resume(id, context.token);
  return again(context, { schema: 'ktrdr.ops.resume/1', start }, options);
}

/** Begins the work of an ended operation anew. */
export function retry(context: CommandContext, id: string, options: AgainOptions): Promise<void> {
  const start: Again['start'] = (client) => client.retry(id, context.token);
  return again(context, { schema: 'ktrdr.ops.retry/1', start }, options);
}

interface Again {
  readonly schema: JsonSchemaName;
  readonly start: (client: OperationsClient) => Promise<Operation>;
}

/** Returns at once, the new operation being there to be followed, unless it is to be followed here. */
async function again(context: CommandContext, { schema, start }: Again, options: AgainOptions): Promise<void> {
  const { settings } = context;
  const { follow: isFollowed = false, json = false, ndjson = false } = options;
  const watched = await withApi(settings, async (client) => {
    const operation = await start(client);
    if (!isFollowed) return { operation, isLeft: true };
    return watchOperation({ client, context, operation, onInterrupt: 'cancel', canDetach: true, ndjson });
  });
  if (!isFollowed && !json && !ndjson) terminal.print(watched.operation.id);
  finish(schema, watched, options);
}

function described(operation: Operation): string {
  const { id, type, status: state, message, progress, createdAt, startedAt, endedAt, cancellation, error } = operation;
  const { attempt, attempts, queuePlace, deadlineAt, parent, resumedFrom, retriedFrom, traceId } = operation;
  const at = (time: number): string => new Date(time).toISOString();
  const lines = [
    id,
    `  type      ${type}`,
    `  status    ${state}`,
    `  doing     ${message}`,
    `  done      ${formatPercent(progress.fraction)}`,
    `  created   ${at(createdAt)}`,
  ];
  if (queuePlace !== undefined) lines.push(`  queue     place ${queuePlace}`);
  if (startedAt !== undefined) lines.push(`  started   ${at(startedAt)}`);
  if (endedAt !== undefined)
    lines.push(
      `  ended     ${at(endedAt)}${startedAt === undefined ? '' : ` after ${formatDuration(endedAt - startedAt)}`}`,
    );
  if (deadlineAt !== undefined && endedAt === undefined) lines.push(`  deadline  ${at(deadlineAt)}`);
  if (attempt > 1) {
    lines.push(`  attempt   ${attempt}`);
    for (const { number, startedAt: begunAt, ended, error: why } of attempts) {
      lines.push(`    ${number}: ${at(begunAt)} ${ended}${why === undefined ? '' : ` (${why.detail})`}`);
    }
  }
  if (parent !== undefined) lines.push(`  parent    ${parent}`);
  if (resumedFrom !== undefined) lines.push(`  resumed   from ${resumedFrom}`);
  if (retriedFrom !== undefined) lines.push(`  retries   ${retriedFrom}`);
  if (traceId !== undefined) lines.push(`  trace     ${traceId}`);
  if (cancellation !== undefined) {
    const { reason, requestedAt, stoppedAt, forced } = cancellation;
    const stopped = stoppedAt === undefined ? 'has not stopped yet' : `stopped ${stoppedAt - requestedAt} ms later`;
    lines.push(`  cancel    asked ${at(requestedAt)} (${reason}), ${stopped}${forced ? ', by force' : ''}`);
  }
  if (error !== undefined) lines.push(`  error     ${error.code}: ${error.detail}`);
  return lines.join('\n');
}
