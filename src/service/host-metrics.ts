import type { AdapterMetrics } from './endpoint-client.ts';
import { LatencyHistogram, type Latencies } from './latency-histogram.ts';
import { histogramText, metricText, type Sample } from './metrics-text.ts';

interface Answered {
  /** The endpoint's name, never the path that was asked for: there are as many of them as the host has routes. */
  readonly endpoint: string;
  readonly status: number;
  readonly ms: number;
}

/** What a host knows of itself beside its answers. */
export interface HostState {
  readonly operations: readonly { readonly type: string; readonly status: string; readonly count: number }[];
  readonly resources: Readonly<Record<string, { slots: number; holding: number; waiting: number }>>;
  readonly adapters: readonly { readonly serviceName: string; readonly metrics: AdapterMetrics }[];
}

/** What a host has answered since it was made, in the text format that Prometheus reads. */
export class HostMetrics {
  readonly #answers = new Map<string, { labels: Record<string, string>; histogram: LatencyHistogram }>();

  record({ endpoint, status, ms }: Answered): void {
    const key = `${status} ${endpoint}`;
    let answers = this.#answers.get(key);
    if (answers === undefined) {
      answers = { labels: { endpoint, status: String(status) }, histogram: new LatencyHistogram() };
      this.#answers.set(key, answers);
    }
    answers.histogram.record(ms);
  }

  render({ operations, resources, adapters }: HostState): string {
    const answers = [...this.#answers.values()].map(({ labels, histogram }) => ({
      labels,
      latencies: histogram.latencies,
    }));
    const lines = [
      ...histogramText(
        { name: 'service_request_seconds', help: 'Time from a request to the head of its response.' },
        answers,
      ),
      ...metricText(
        'gauge',
        { name: 'service_operations', help: 'Operations on record.' },
        operations.map(({ type, status, count }) => ({ labels: { type, status }, value: count })),
      ),
      ...resourceLines(resources),
      ...adapterLines(adapters),
      '',
    ];
    return lines.join('\n');
  }
}

function resourceLines(resources: HostState['resources']): string[] {
  const of = (part: 'slots' | 'holding' | 'waiting'): Sample[] =>
    Object.entries(resources).map(([resource, usage]) => ({ labels: { resource }, value: usage[part] }));
  return [
    ...metricText('gauge', { name: 'service_slots', help: 'How many operations may hold a resource.' }, of('slots')),
    ...metricText('gauge', { name: 'service_slots_held', help: 'How many hold it now.' }, of('holding')),
    ...metricText('gauge', { name: 'service_queue_length', help: 'How many wait for it.' }, of('waiting')),
  ];
}

function adapterLines(adapters: HostState['adapters']): string[] {
  const counter = (name: string, help: string, value: (metrics: AdapterMetrics) => number): string[] =>
    metricText(
      'counter',
      { name, help },
      adapters.map(({ serviceName: service, metrics }) => ({ labels: { service }, value: value(metrics) })),
    );
  const latencies = adapters.map(
    ({
      serviceName: service,
      metrics: { latency },
    }): {
      labels: Record<string, string>;
      latencies: Latencies;
    } => ({ labels: { service }, latencies: latency }),
  );
  return [
    ...histogramText(
      { name: 'client_call_seconds', help: 'Time of an answered call to a host, with its retries and pauses.' },
      latencies,
    ),
    ...counter(
      'client_calls_total',
      'Calls to a host; one counts once, however often it was tried.',
      (m) => m.requests,
    ),
    ...counter('client_retries_total', 'Tries after the first.', (m) => m.retries),
    ...counter('client_failures_total', 'Calls that failed.', (m) => m.failures),
    ...counter('client_connections_opened_total', 'Connections made.', (m) => m.connections.opened),
    ...counter(
      'client_connections_reused_total',
      'Requests on a connection that was open already.',
      (m) => m.connections.reused,
    ),
  ];
}
