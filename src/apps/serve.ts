import { CancellationSource, CancellationToken } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import type { HostService } from '../service/index.ts';

/** A service that listens, with everything behind it. Disposing stops it and lets go of all it holds. */
export interface RunningService extends AsyncDisposable {
  readonly url: string;
}

/** Closes what was opened, last first, whatever fails on the way. */
export class Resources implements AsyncDisposable {
  readonly #opened: (AsyncDisposable | Disposable)[] = [];

  add<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#opened.push(resource);
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const resource of this.#opened.splice(0).reverse()) {
      try {
        if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
        else resource[Symbol.dispose]();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed.');
  }
}

/** Composes a service; what was opened is closed again when a later step fails. */
export async function compose(
  build: (resources: Resources) => Promise<{ host: HostService; port: number; hostname?: string }>,
): Promise<RunningService> {
  const resources = new Resources();
  try {
    const { host, port, hostname } = await build(resources);
    resources.add(host);
    const { url } = await host.listen(port, hostname);
    return { url, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a supervised process tells its parent when it is ready. */
export interface ReadyMessage {
  readonly ready: true;
  readonly url: string;
}

/** How a process was told to stop: the exit code follows from it. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'disconnect';

/**
 * Waits until the process is told to stop. A supervised process leaves Ctrl-C to its parent, which gets it too, and stops
 * when its parent is gone.
 */
export function untilToldToStop(token: CancellationToken = CancellationToken.none): Promise<StopSignal> {
  return new Promise((resolve) => {
    const stop = (signal: StopSignal) => (): void => {
      for (const [event, handler] of handlers) process.off(event, handler);
      resolve(signal);
    };
    const handlers: [StopSignal, () => void][] = [
      ['SIGINT', isSupervised() ? (): void => {} : stop('SIGINT')],
      ['SIGTERM', stop('SIGTERM')],
      ['disconnect', stop('disconnect')],
    ];
    for (const [event, handler] of handlers) process.on(event, handler);
    token.onCancelled(stop('SIGTERM'));
  });
}

export function isSupervised(): boolean {
  return process.send !== undefined;
}

/** Runs a service until the process is told to stop. @returns the exit code. */
export async function serve(
  start: () => Promise<RunningService>,
  { announce, log }: { announce: (url: string) => void; log: Logger },
): Promise<number> {
  using starting = new CancellationSource();
  const stopped = untilToldToStop(starting.token);
  await using service = await start();
  announce(service.url);
  const ready: ReadyMessage = { ready: true, url: service.url };
  process.send?.(ready);
  const signal = await stopped;
  log.info('stopping', { signal });
  return { SIGINT: 130, SIGTERM: 143, disconnect: 0 }[signal];
}
