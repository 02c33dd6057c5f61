import { fork } from 'node:child_process';
import { workerData, type MessagePort } from 'node:worker_threads';
import type { EngineReply, EngineRequest } from './engine-calls.ts';

// The thread between a trainer, which waits for each answer, and the process that computes, whose answers need somebody who
// does not wait.

export interface RelayData {
  /** The file that the library is entered by. */
  readonly library: string;
  readonly port: MessagePort;
  /** Set to 1, and waiters woken, with each reply. */
  readonly replied: Int32Array<SharedArrayBuffer>;
  /** The process, as soon as there is one. */
  readonly pid: Int32Array<SharedArrayBuffer>;
}

const { library, port, replied, pid }: RelayData = workerData;
const keptOfErrors = 2_000;

const child = fork(new URL('./engine-process.js', import.meta.url), [library], {
  // Nothing of ours: no token, no options. The library reports to its maker unless it is told not to before it is loaded.
  env: { ORT_DISABLE_TELEMETRY: '1' },
  execArgv: [],
  serialization: 'advanced',
  stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
});
Atomics.store(pid, 0, child.pid ?? 0);
let errors = '';

child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-keptOfErrors)));
child.on('message', (answer: EngineReply) => reply(answer));
child.on('error', ({ message }) => reply({ kind: 'gone', how: message }));
child.on('close', (code, signal) => {
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  reply({ kind: 'gone', how: errors.trim() === '' ? how : `${how}, and said: ${errors.trim()}` });
});
port.on('message', (request: EngineRequest | 'end') => {
  if (request === 'end') {
    if (!child.kill('SIGKILL')) reply({ kind: 'gone', how: 'was gone before' });
    return;
  }
  child.send(request, () => {
    // What cannot be sent has nobody to answer it; that the process is gone is told by its end.
  });
});

function reply(answer: EngineReply): void {
  port.postMessage(answer);
  Atomics.store(replied, 0, 1);
  Atomics.notify(replied, 0);
}
