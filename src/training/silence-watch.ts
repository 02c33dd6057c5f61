import { CancellationSource, type Progress, type WorkContext } from '../async/index.ts';
import { isCancelled, KtrdrError } from '../base/index.ts';

/**
 * Work that is ended when it reports nothing for so long: a thread that hangs would hold its operation for ever.
 * @throws KtrdrError `internal` when that happened.
 */
export function endedWhenSilent<I, C, R>(
  work: (input: I, context: WorkContext<C>) => Promise<R>,
  silenceMs: number,
): (input: I, context: WorkContext<C>) => Promise<R> {
  return async (input, context) => {
    const { clock, token } = context;
    using source = new CancellationSource(token);
    let heardAt = clock.elapsed();
    let isSilent = false;
    const look = (): Disposable =>
      clock.after(heardAt + silenceMs - clock.elapsed(), () => {
        if (clock.elapsed() - heardAt < silenceMs) watch = look();
        else {
          isSilent = true;
          source.cancel('timeout');
        }
      });
    let watch = look();
    const progress = heard(context.progress, () => (heardAt = clock.elapsed()));
    try {
      return await work(input, { ...context, token: source.token, progress });
    } catch (thrown) {
      if (!isSilent || token.isCancelled || !isCancelled(thrown)) throw thrown;
      throw new KtrdrError(
        'internal',
        `The training thread reported nothing for ${Math.round(silenceMs / 1_000)} s and was ended. Start the training again; it continues from its last checkpoint.`,
        { cause: thrown },
      );
    } finally {
      watch[Symbol.dispose]();
    }
  };
}

function heard<C>(progress: Progress<C>, listener: () => void): Progress<C> {
  return {
    report(update) {
      listener();
      progress.report(update);
    },
    within: (from, to) => heard(progress.within(from, to), listener),
  };
}
