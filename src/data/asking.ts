import type { Progress } from '../async/index.ts';
import type { OperationContext } from '../operations/index.ts';

/** So long nobody wonders about an answer that has not come. */
const quietMs = 10_000;
const tickMs = 1_000;

/** Asks something that tells no phases of its own; from a while on the phase tells for how long no answer has come. */
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
