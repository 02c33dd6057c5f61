import type { Bars } from '../../market/index.ts';

/** `error`: no such bar can have been traded. `warning`: a person should look. `info`: worth knowing. */
export const severities = ['error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** What may be wrong with bars, and how bad that is. */
export const qualityRules = {
  order: 'error',
  duplicate: 'error',
  price: 'error',
  high_low: 'error',
  volume: 'error',
  probable_split: 'warning',
  extreme_move: 'warning',
  spike: 'warning',
  stale: 'warning',
  zero_volume: 'warning',
  off_grid: 'warning',
  outside_sessions: 'info',
} as const satisfies Record<string, Severity>;

export type QualityRule = keyof typeof qualityRules;

export const qualityRuleNames = Object.keys(qualityRules) as [QualityRule, ...QualityRule[]];

/** One finding: a run of bars that follow each other and break the same rule. */
export interface QualityIssue {
  readonly rule: QualityRule;
  readonly severity: Severity;
  /** Index and stamp of the first bar, stamp of the last one. */
  readonly index: number;
  readonly first: number;
  readonly last: number;
  readonly bars: number;
  /** In words, for people. */
  readonly detail: string;
}

/** Collects findings: every bar is counted, of each rule the oldest runs are kept. */
export class IssueList {
  readonly counts = new Map<QualityRule, number>();
  readonly #time: Float64Array;
  readonly #most: number;
  readonly #issues: QualityIssue[] = [];
  readonly #runs = new Map<QualityRule, number>();

  constructor({ time }: Bars, { most }: { most: number }) {
    this.#time = time;
    this.#most = most;
  }

  /** Bars `[from, to)` break a rule. */
  add(rule: QualityRule, [from, to]: readonly [number, number], detail: string): void {
    const runs = (this.#runs.get(rule) ?? 0) + 1;
    this.#runs.set(rule, runs);
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + to - from);
    if (runs > this.#most) return;
    const [first = Number.NaN, last = Number.NaN] = [this.#time[from], this.#time[to - 1]];
    this.#issues.push({ rule, severity: qualityRules[rule], index: from, first, last, bars: to - from, detail });
  }

  /** As `add` for each run of bars in which a test holds. `detail` is asked for the first bar of a run. */
  addRuns(rule: QualityRule, { holds, least = 1, detail }: RunTest): void {
    const count = this.#time.length;
    for (let from = 0; from < count; from += 1) {
      if (!holds(from)) continue;
      let to = from + 1;
      while (to < count && holds(to)) to += 1;
      if (to - from >= least) this.add(rule, [from, to], detail(from, to));
      from = to;
    }
  }

  /** The worst first, then by time; at most as many as were asked for. */
  worst(): QualityIssue[] {
    const rank = ({ severity }: QualityIssue): number => severities.indexOf(severity);
    return this.#issues.sort((a, b) => rank(a) - rank(b) || a.index - b.index).slice(0, this.#most);
  }
}

interface RunTest {
  readonly holds: (index: number) => boolean;
  /** Shorter runs are no finding. */
  readonly least?: number;
  readonly detail: (from: number, to: number) => string;
}
