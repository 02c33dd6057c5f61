import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Starts a module in a process of its own and waits for its first message. The process ends when it is disposed of. */
export async function startChild(entry, { args = [], ...options } = {}) {
  const child = fork(entry, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...options });
  const exited = once(child, 'exit');
  const message = await Promise.race([
    once(child, 'message').then(([first]) => first),
    exited.then(([code]) => Promise.reject(new Error(`${entry} ended with ${code} before it was ready`))),
  ]);
  return {
    child,
    message,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The other end of `startChild` for a host: says where it listens, and ends when it is told to, or with its parent. */
export function serveParent(host) {
  process.once('SIGTERM', () => void host[Symbol.asyncDispose]().then(() => process.exit()));
  process.once('disconnect', () => process.exit());
  process.send(host.url);
}
