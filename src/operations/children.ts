import type { CancellationToken, Progress } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { ChildOptions, OperationChildren, OperationContract, StartedOperation } from './contract.ts';

interface ChildrenOptions<C> {
  /** Of the parent. */
  readonly id: string;
  readonly token: CancellationToken;
  readonly progress: Progress<C>;
  /** Starts the child of this name, or joins it; hears of its fraction, and of its end before its slot is free. */
  readonly start: <I, D, R>(
    contract: OperationContract<I, D, R>,
    input: I,
    options: { name: string | undefined; onFraction: (fraction: number) => void; onEnd: () => void },
  ) => StartedOperation<R>;
  readonly stop: (id: string) => void;
  /** Ends the children that wait to be taken up again. */
  readonly abandon: () => void;
  /** The parent's slot: given back while there are children, so that waiting for them can never be what they wait for. */
  readonly slot: { giveBack(): void; takeAgain(): Promise<void> };
}

/** The operations that one attempt of a parent started and that it answers for. */
export class Children<C> implements OperationChildren {
  readonly #options: ChildrenOptions<C>;
  readonly #unfinished = new Map<StartedOperation<unknown>, Promise<unknown>>();
  readonly #shares: { weight: number; fraction: number }[] = [];
  #slotAgain = Promise.resolve();
  #isClosed = false;

  constructor(options: ChildrenOptions<C>) {
    this.#options = options;
  }

  async run<I, D, R>(
    contract: OperationContract<I, D, R>,
    input: I,
    { weight = 1, id: name }: ChildOptions = {},
  ): Promise<R> {
    const { id, token, slot, start } = this.#options;
    token.throwIfCancelled(`the start of a part of operation ${id}`);
    if (this.#isClosed)
      throw new KtrdrError('failed_precondition', `Operation ${id} has ended and starts no more parts.`);
    const share = { weight: Math.max(0, weight), fraction: 0 };
    const child = start(contract, input, {
      name,
      onFraction: (fraction) => this.#advance(share, fraction),
      onEnd: () => this.#ended(child),
    });
    this.#shares.push(share);
    this.#unfinished.set(child, child.result);
    slot.giveBack();
    try {
      return await child.result;
    } finally {
      this.#ended(child);
      this.#advance(share, 1);
      await this.#slotAgain;
    }
  }

  /** Stops what the parent did not wait for; resolves when no child is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { id } of this.#unfinished.keys()) this.#options.stop(id);
    await Promise.allSettled(this.#unfinished.values());
  }

  /** The parent ends for good, so nobody will take up what a shutdown stopped. To be called when no child is left. */
  abandon(): void {
    this.#options.abandon();
  }

  /** The last one that ends leaves the parent to wait for its slot, in which it is ahead of who has not begun. */
  #ended(child: StartedOperation<unknown>): void {
    if (!this.#unfinished.delete(child) || this.#unfinished.size > 0 || this.#isClosed) return;
    this.#slotAgain = this.#options.slot.takeAgain();
    this.#slotAgain.catch(() => {});
  }

  #advance(share: { weight: number; fraction: number }, fraction: number): void {
    share.fraction = Math.max(share.fraction, fraction);
    let total = 0;
    let reached = 0;
    for (const { weight, fraction: part } of this.#shares) {
      total += weight;
      reached += weight * part;
    }
    this.#options.progress.report({ fraction: reached / Math.max(1, total) });
  }
}
