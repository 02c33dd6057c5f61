import { CancellationSource, type CancellationToken, type Clock } from '../async/index.ts';
import type { Operation, OperationsService } from '../operations/index.ts';

const longestWaitSeconds = 60;

/** The seconds of `wait` in a `Prefer` header (RFC 7240), as far as they are applied; nothing when there is none. */
export function preferredWait(prefer: string | undefined): number | undefined {
  const preferences = (prefer ?? '').split(',').map((preference) => preference.split(';')[0]?.trim() ?? '');
  // The first one counts when there are several.
  const wait = preferences.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(preference)?.[1]).find(Boolean);
  return wait === undefined ? undefined : Math.min(longestWaitSeconds, Number(wait));
}

interface Wait {
  readonly operations: OperationsService;
  readonly id: string;
  /** The version that the caller has; the current one when absent. */
  readonly after: number | undefined;
  readonly token: CancellationToken;
  readonly clock: Clock;
  readonly waitMs: number;
}

/** The operation once it is newer than a version, or has ended, or the time is over. @throws KtrdrError `not_found`. */
export async function nextVersion({ operations, id, after, token, clock, waitMs }: Wait): Promise<Operation> {
  const { version } = operations.get(id);
  using source = new CancellationSource(token);
  using _ = clock.after(waitMs, () => source.cancel('timeout'));
  for await (const operation of operations.watch(id, { after: after ?? version, token: source.token }))
    return operation;
  return operations.get(id);
}
