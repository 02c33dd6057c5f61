import type { Latencies } from './latency-histogram.ts';

type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
}

/** A metric in the text format that Prometheus reads. */
export function metricText(type: 'counter' | 'gauge', { name, help }: Family, samples: readonly Sample[]): string[] {
  return [
    ...head(type, { name, help }),
    ...samples.map(({ labels = {}, value }) => `${name}${inBraces(labels)} ${value}`),
  ];
}

export function histogramText(
  { name, help }: Family,
  samples: readonly { readonly labels: Labels; readonly latencies: Latencies }[],
): string[] {
  return [
    ...head('histogram', { name, help }),
    ...samples.flatMap(({ labels, latencies: { buckets, count, sumSeconds } }) => [
      ...buckets.map(
        ({ seconds, count: below }) => `${name}_bucket${inBraces({ ...labels, le: String(seconds) })} ${below}`,
      ),
      `${name}_bucket${inBraces({ ...labels, le: '+Inf' })} ${count}`,
      `${name}_sum${inBraces(labels)} ${sumSeconds}`,
      `${name}_count${inBraces(labels)} ${count}`,
    ]),
  ];
}

function head(type: string, { name, help }: Family): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`);
}
