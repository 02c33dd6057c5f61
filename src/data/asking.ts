import type { Progress } from '../async/index.ts';
import type { OperationContext } from '../operations/index.ts';

/** How long nobody wonders why there is no answer. */
const quietMs = 10_000;
const tickMs = 1_000;

/** Asks something that reports no phases of its own. After a while the phase says how long there has been no answer. */
export async function asking<T, C>(
  phase: string,
  ask: () => Promise<T>,
  { progress, clock }: { progress: Progress<C>; clock: OperationContext<C>['clock'] },
): Promise<T> {
  const begunAt = clock.elapsed();
  const tell = (): void => {
    timer = clock.after(tickMs, tell);
    progress.report({ phase: `${phase}, no answer for ${Math.floor((clock.elapsed() - begunAt) / 1_000)} s` });
  };
  let timer = clock.after(quietMs, tell);
  progress.report({ phase });
  try {
    return await ask();
  } finally {
    timer[Symbol.dispose]();
  }
}
