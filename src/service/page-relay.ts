import type { CancellationToken, Clock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { OperationContext, OperationContract } from '../operations/index.ts';
import type { CallOptions, EndpointClient } from './endpoint-client.ts';
import { getOperationLogs, getOperationMetrics } from './operation-endpoints.ts';

const betweenLooksMs = 1_000;
/** How long the last page is waited for once the operation has ended. */
const lastLookMs = 2_000;
const pagePoints = 10_000;

interface Page {
  readonly cursor: number;
  readonly more: boolean;
}

interface RelayOptions {
  readonly client: EndpointClient;
  /** Of the operation on the host. */
  readonly id: string;
  /** For the log. */
  readonly what: 'curves' | 'log';
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly token: CancellationToken;
  /** Fetches what lies behind a cursor, and keeps it. */
  readonly take: (cursor: number, within: CallOptions) => Promise<Page>;
  readonly cursor?: number;
}

/** Brings what an operation keeps page by page from a host to here: now and then, and the rest at the end. */
class PageRelay {
  readonly #options: RelayOptions;
  #cursor: number;
  #nextAt = 0;
  #looking: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#cursor = options.cursor ?? 0;
  }

  /** Has what is new fetched, if it was not done just now. */
  look(): void {
    const { clock } = this.#options;
    if (this.#looking !== undefined || clock.elapsed() < this.#nextAt) return;
    this.#nextAt = clock.elapsed() + betweenLooksMs;
    this.#looking = this.#fetch().finally(() => (this.#looking = undefined));
  }

  /** What is left. What cannot be had is missed: neither curves nor lines are a reason to fail. */
  async finish(): Promise<void> {
    await this.#looking;
    await this.#fetch({ timeoutMs: lastLookMs, retries: 0 });
  }

  async #fetch(limits: Omit<CallOptions, 'token'> = {}): Promise<void> {
    const { client, id, what, token, take } = this.#options;
    try {
      for (;;) {
        const { cursor, more } = await take(this.#cursor, { token, ...limits });
        this.#cursor = cursor;
        if (!more) return;
      }
    } catch (thrown) {
      const { message } = KtrdrError.from(thrown);
      client.log.debug('a part of an operation was not fetched', { operation: id, what, error: message });
    }
  }
}

interface RelayedWork {
  readonly client: EndpointClient;
  /** Of the operation, under the id that it has on the host. */
  readonly context: OperationContext<never>;
  readonly token: CancellationToken;
}

/** What is to be brought from a host while an operation runs there: its curves, and its log where the work is not short. */
export function relaysFor(
  { measures = false, outlives }: Pick<OperationContract<never, never, never>, 'measures' | 'outlives'>,
  { client, context: { id, metrics, lines, clock }, token }: RelayedWork,
): PageRelay[] {
  const relays: PageRelay[] = [];
  const common = { client, id, clock, token };
  if (measures && metrics !== undefined) {
    const take: RelayOptions['take'] = async (cursor, within) => {
      const request = { params: { id }, query: { cursor, limit: pagePoints } };
      const { points, ...page } = await client.call(getOperationMetrics, request, within);
      metrics.record(...points.map(({ step, values }) => ({ step, values })));
      return page;
    };
    relays.push(new PageRelay({ ...common, what: 'curves', take }));
  }
  if (outlives !== 'process' && lines !== undefined) {
    // An attempt that joins what an earlier one started has its first lines already.
    const source = `${client.service} ${id}`;
    const take: RelayOptions['take'] = async (cursor, within) => {
      const { lines: found, ...page } = await client.call(
        getOperationLogs,
        { params: { id }, query: { cursor } },
        within,
      );
      const named = found.map((line) => ({ ...line, fields: { ...line.fields, service: client.service } }));
      lines.keep(named, { source, cursor: page.cursor });
      return page;
    };
    relays.push(new PageRelay({ ...common, what: 'log', take, cursor: lines.cursorOf(source) }));
  }
  return relays;
}
