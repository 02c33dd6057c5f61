import { CancellationSource, type CancellationToken } from '../async/index.ts';
import { isCancelled, type Logger } from '../base/index.ts';
import type { OperationStore } from '../operations/index.ts';
import type { HostService } from '../service/index.ts';
import { withWhoIsThere } from './refuse-taken-port.ts';

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

interface Composed {
  readonly host: HostService;
  readonly port: number;
  readonly hostname?: string;
  /** Owns the directory of the service. */
  readonly store: OperationStore;
}

/** Composes a service; what was opened is closed again when a later step fails. */
export async function compose(build: (resources: Resources) => Promise<Composed>): Promise<RunningService> {
  const resources = new Resources();
  try {
    const { host, port, hostname, store } = await build(resources);
    resources.add(host);
    const { url } = await host.listen(port, hostname).catch(async (thrown: unknown) => {
      throw await withWhoIsThere(thrown);
    });
    store.announce(url);
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
type StopSignal = 'SIGINT' | 'SIGTERM' | 'disconnect';

/** Waits until the process is told to stop. A supervised process is told so also by the end of its parent. */
function untilToldToStop(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const handlers = (['SIGINT', 'SIGTERM', 'disconnect'] as const).map((event) => {
      const handler = (): void => {
        for (const [name, other] of handlers) process.off(name, other);
        resolve(event);
      };
      return [event, handler] as const;
    });
    for (const [event, handler] of handlers) process.on(event, handler);
    // The parent may have gone while this process was still loading.
    if (process.send !== undefined && !process.connected) process.emit('disconnect');
  });
}

const stopExitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143, disconnect: 0 };

/** Runs a service until the process is told to stop, also while it is still starting. @returns the exit code. */
export async function serve(
  start: (token: CancellationToken) => Promise<RunningService>,
  { announce, log }: { announce: (url: string) => void; log: Logger },
): Promise<number> {
  using starting = new CancellationSource();
  let signal: StopSignal | undefined;
  const stopped = untilToldToStop().then((told) => {
    signal = told;
    starting.cancel('shutdown');
    return told;
  });
  try {
    await using service = await start(starting.token);
    announce(service.url);
    const ready: ReadyMessage = { ready: true, url: service.url };
    // A parent that goes at this moment is heard of as a disconnect.
    if (process.connected) process.send?.(ready, undefined, {}, () => {});
    const told = await stopped;
    log.info('stopping', { signal: told });
    return stopExitCodes[told];
  } catch (error) {
    if (signal !== undefined && isCancelled(error)) return stopExitCodes[signal];
    throw error;
  }
}
