import type { CancellationToken, Clock, Metrics } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { getOperationMetrics } from './operation-endpoints.ts';

const betweenLooksMs = 1_000;
/** The last points are worth so long a wait; the operation has ended. */
const lastLookMs = 2_000;
const pagePoints = 10_000;

interface RelayOptions {
  readonly client: EndpointClient;
  /** Of the operation on the host. */
  readonly id: string;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly token: CancellationToken;
}

/** Brings the points of an operation's curves from a host to here: now and then, and the rest at the end. */
export class MetricsRelay {
  readonly #options: RelayOptions;
  #cursor = 0;
  #nextAt = 0;
  #looking: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Has new points fetched, if it was not done just now. */
  look(): void {
    const { clock } = this.#options;
    if (this.#looking !== undefined || clock.elapsed() < this.#nextAt) return;
    this.#nextAt = clock.elapsed() + betweenLooksMs;
    this.#looking = this.#fetch().finally(() => (this.#looking = undefined));
  }

  /** The points that are left. Those that cannot be had are missed: curves are no reason to fail. */
  async finish(): Promise<void> {
    await this.#looking;
    await this.#fetch(lastLookMs);
  }

  async #fetch(timeoutMs?: number): Promise<void> {
    const { client, id, metrics, token } = this.#options;
    try {
      for (;;) {
        const { points, cursor, more } = await client.call(
          getOperationMetrics,
          { params: { id }, query: { cursor: this.#cursor, limit: pagePoints } },
          { token, ...(timeoutMs === undefined ? {} : { timeoutMs, retries: 0 }) },
        );
        metrics.record(...points.map(({ step, values }) => ({ step, values })));
        this.#cursor = cursor;
        if (!more) return;
      }
    } catch (thrown) {
      const { message } = KtrdrError.from(thrown);
      client.log.debug('the curves of an operation were not fetched', { operation: id, error: message });
    }
  }
}
