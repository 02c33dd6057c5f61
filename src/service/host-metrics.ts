interface Answered {
  readonly endpoint: string;
  readonly status: number;
  readonly ms: number;
}

/** What a host has answered since it was made, in the text format that Prometheus reads. */
export class HostMetrics {
  readonly #answers = new Map<string, { endpoint: string; status: number; count: number; seconds: number }>();

  record({ endpoint, status, ms }: Answered): void {
    const key = `${status} ${endpoint}`;
    const { count, seconds } = this.#answers.get(key) ?? { count: 0, seconds: 0 };
    this.#answers.set(key, { endpoint, status, count: count + 1, seconds: seconds + ms / 1_000 });
  }

  /** `operations`: how many there are, by status. */
  render(operations: Readonly<Record<string, number>>): string {
    const answers = [...this.#answers.values()].map(({ endpoint, status, ...numbers }) => ({
      labels: labels({ endpoint, status: String(status) }),
      ...numbers,
    }));
    return [
      '# HELP service_request_seconds Time from a request to the head of its response.',
      '# TYPE service_request_seconds summary',
      ...answers.map(({ labels: of, seconds }) => `service_request_seconds_sum${of} ${seconds}`),
      ...answers.map(({ labels: of, count }) => `service_request_seconds_count${of} ${count}`),
      '# HELP service_operations Operations on record.',
      '# TYPE service_operations gauge',
      ...Object.entries(operations).map(([status, count]) => `service_operations${labels({ status })} ${count}`),
      '',
    ].join('\n');
  }
}

function labels(values: Record<string, string>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`);
  return `{${pairs.join(',')}}`;
}
