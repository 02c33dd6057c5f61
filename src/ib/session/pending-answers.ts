import type { ContractDescription, ContractDetails } from '@stoqey/ib';
import { KtrdrError, type ErrorCode } from '../../base/index.ts';
import type { IbVerdict } from './error-table.ts';
import type { IbBars } from '../wire/ib-bars.ts';
import { PendingCalls, type PendingCallsOptions } from './pending-calls.ts';

/** Everything that one session waits for. Ids are never used twice, so a message finds its request whatever its kind. */
export class PendingAnswers {
  readonly details: PendingCalls<ContractDetails>;
  readonly heads: PendingCalls<string>;
  readonly histories: PendingCalls<IbBars>;
  readonly searches: PendingCalls<ContractDescription>;

  constructor(options: Omit<PendingCallsOptions, 'nextId'>) {
    let lastId = 0;
    const shared: PendingCallsOptions = { ...options, nextId: () => (lastId += 1) };
    this.details = new PendingCalls(shared);
    this.heads = new PendingCalls(shared);
    this.histories = new PendingCalls(shared);
    this.searches = new PendingCalls(shared);
  }

  get size(): number {
    return this.#all.reduce((sum, { size }) => sum + size, 0);
  }

  /** When an open request was sent, by `elapsed`; undefined when nobody waits for it. */
  askedAt(id: number): number | undefined {
    return this.#all.map((calls) => calls.askedAt(id)).find((at) => at !== undefined);
  }

  /** Settles the request that a message was about; false when nobody waits for it. */
  settle(id: number, verdict: IbVerdict, details: Record<string, unknown>): boolean {
    const all = this.#all;
    if (verdict.outcome === 'notice') return false;
    if (verdict.outcome === 'empty') return all.some((calls) => calls.finish(id));
    // A cancel that we asked for finds nobody waiting: this one is the gateway's own.
    const code: ErrorCode = verdict.outcome === 'error' ? verdict.code : 'unavailable';
    const failure = (what: string): KtrdrError =>
      new KtrdrError(code, `IB did not give ${what}: ${verdict.sentence}`, { details });
    return all.some((calls) => calls.fail(id, failure));
  }

  failAll(reason: KtrdrError): void {
    for (const calls of this.#all) calls.failAll((what) => unanswered(what, reason));
  }

  get #all(): Pick<PendingCalls<unknown>, 'size' | 'askedAt' | 'finish' | 'fail' | 'failAll'>[] {
    return [this.details, this.heads, this.histories, this.searches];
  }
}

/** What a request ends with whose answer was lost together with a connection. */
export function unanswered(what: string, reason: KtrdrError): KtrdrError {
  return new KtrdrError('unavailable', `The request for ${what} gets no answer. ${reason.message}`, {
    cause: reason,
    details: { ...reason.details, unanswered: true },
  });
}

export function isUnanswered(thrown: unknown): boolean {
  return thrown instanceof KtrdrError && thrown.details['unanswered'] === true;
}
