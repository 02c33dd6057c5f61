import { CancellationSource, type CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { OperationContext } from '../operations/index.ts';
import { patiently } from './patiently.ts';

/** So many failures of any requests without an answer between them, over such a time: the source answers nobody. */
const mostFailures = 5;
const longestSilenceMs = 120_000;

/**
 * The patience with a source that several requests share. Each is asked again as `patiently` does; but where the source
 * answers none of them, all are given up together, and not one after the other when each has used up its own tries.
 */
export class SharedPatience implements Disposable {
  readonly #over = new CancellationSource();
  #failures = 0;
  #failedFirstAt = 0;
  #lastWord: KtrdrError | undefined;

  /**
   * Asks with a token that is cancelled also when all are given up.
   * @throws KtrdrError what the source answered last, to this request or to the one with which all were given up.
   */
  async ask<T>(
    ask: (token: CancellationToken) => Promise<T>,
    context: Pick<OperationContext<never>, 'token' | 'clock' | 'progress' | 'log'>,
  ): Promise<T> {
    using either = new CancellationSource(context.token, this.#over.token);
    const { token } = either;
    const counted = async (): Promise<T> => {
      try {
        const answer = await ask(token);
        this.#failures = 0;
        return answer;
      } catch (thrown) {
        if (!token.isCancelled) this.#failed(KtrdrError.from(thrown), context.clock.elapsed());
        throw thrown;
      }
    };
    try {
      return await patiently(counted, { ...context, token });
    } catch (thrown) {
      context.token.throwIfCancelled();
      throw this.#lastWord ?? thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#over[Symbol.dispose]();
  }

  #failed(error: KtrdrError, now: number): void {
    if (this.#failures === 0) this.#failedFirstAt = now;
    // A source keeps its pace itself: before it says that it could not, it has waited long and asked again.
    this.#failures += error.code === 'rate_limited' ? mostFailures : 1;
    const isSilent = this.#failures >= mostFailures && now - this.#failedFirstAt >= longestSilenceMs;
    if (!isSilent && Number(error.details['retryAfterMs'] ?? 0) < longestSilenceMs) return;
    this.#lastWord = error;
    this.#over.cancel();
  }
}
