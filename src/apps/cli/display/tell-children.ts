import { CancellationSource, systemClock, type CancellationToken } from '../../../async/index.ts';
import { isTerminal, type Operation } from '../../../operations/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import type { Display } from './display.ts';

interface Family {
  readonly client: OperationsClient;
  /** As it was when somebody began to watch it. */
  readonly parent: Operation;
  readonly display: Display;
  readonly token: CancellationToken;
}

interface TellingChildren extends Disposable {
  /** Shows those that have ended and were not heard of. */
  rest(): Promise<void>;
}

/** What takes less is over before anybody has seen its children. */
const childrenAfterMs = 200;
const mostChildren = 1_000;

/** Shows the children of an operation as they change, until it is disposed of. */
export function tellChildren({ client, parent, display: { showChild }, token }: Family): TellingChildren {
  const { id, status, version } = parent;
  if (showChild === undefined || isTerminal(status)) return { rest: async () => {}, [Symbol.dispose]: () => {} };
  const source = new CancellationSource(token);
  const tell = async (): Promise<void> => {
    try {
      for await (const child of client.followChildren(id, source.token)) showChild(child);
    } catch {
      // They are shown beside the work; whoever follows that hears of lost contact.
    }
  };
  const begin = systemClock.after(childrenAfterMs, () => void tell());
  const end = (): void => {
    begin[Symbol.dispose]();
    source.cancel();
    source[Symbol.dispose]();
  };
  return {
    async rest() {
      end();
      try {
        const { operations } = await client.list({ parent: id, limit: mostChildren }, token);
        // Who came later does not hear of what was over by then.
        const unheard = operations.filter((child) => isTerminal(child.status) && child.version > version);
        for (const child of unheard.toReversed()) showChild(child);
      } catch {
        // As above.
      }
    },
    [Symbol.dispose]: end,
  };
}
