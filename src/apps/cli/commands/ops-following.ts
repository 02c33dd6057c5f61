import { isTerminal, type Operation } from '../../../operations/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import { withApi } from '../api-client.ts';
import { cancelOperation } from '../cancel-operation.ts';
import { closingLine } from '../display/progress-lines.ts';
import type { CommandContext } from '../programs/command.ts';
import { errorOf, noteLeft, type LongWorkOptions } from '../run-operation.ts';
import { printJson, terminal, type JsonSchemaName } from '../terminal.ts';
import { notAwaited, watchOperation, type Watched } from '../watch-operation.ts';

export type FollowOptions = Pick<LongWorkOptions, 'json' | 'ndjson'>;

export interface AgainOptions extends FollowOptions {
  follow?: boolean;
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
