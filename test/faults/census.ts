import { createHook } from 'node:async_hooks';
import { existsSync, readdirSync } from 'node:fs';

/** What a process holds that costs something as long as it is held. */
export type Holdings = Readonly<Record<string, number>>;

const counted = ['Timeout', 'TCPSOCKETWRAP', 'TCPSERVERWRAP', 'WORKER', 'MESSAGEPORT'];

/** Counts timers (also those that keep no process alive), sockets, threads, ports, files and listeners of this process. */
export class Census implements Disposable {
  readonly #live = new Map<number, string>();
  readonly #hook = createHook({
    init: (id, type) => {
      if (!counted.includes(type)) return;
      const name = type === 'Timeout' ? timerOf(new Error('where am I')) : type;
      if (name !== undefined) this.#live.set(id, name);
    },
    destroy: (id) => void this.#live.delete(id),
  }).enable();

  take(): Holdings {
    const holdings: Record<string, number> = { listeners: listenersOf(process), descriptors: descriptors() };
    for (const type of this.#live.values()) holdings[type] = (holdings[type] ?? 0) + 1;
    return holdings;
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }
}

/**
 * A timer goes by the file that wanted it. Those that the platform and the libraries set for themselves, even within a
 * call of ours, come and go with each idle socket, and the sockets are counted.
 */
function timerOf({ stack = '' }: Error): string | undefined {
  const frames = stack.split('\n').filter((line) => /\/(?:src|node_modules)\//u.test(line));
  const file = frames.map((line) => /\/src\/([^:?]+)/u.exec(line)?.[1]).find((name) => name !== 'async/clock.ts');
  if (frames[0]?.includes('/node_modules/') || file === undefined) return undefined;
  return `timer of ${file}`;
}

/** What there is more of now than before, and how much more. */
export function surplus(before: Holdings, now: Holdings): Holdings {
  const more = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

/** Open files and sockets, where the system tells. */
function descriptors(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
}

function listenersOf(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
