import type { MetricsPage, Operation, OperationStatus } from '../../../operations/index.ts';
import { withApi } from '../api-client.ts';
import { formatDuration, formatPercent } from '../format.ts';
import type { CommandContext } from '../programs/command.ts';
import { printJson, table, terminal } from '../terminal.ts';

export interface ListOptions {
  status?: OperationStatus[];
  type?: string;
  parent?: string;
  limit: number;
  cursor?: string;
  json?: boolean;
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
