import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { KtrdrError } from '../../base/index.ts';
import type { CallName, EngineCalls, EngineReply } from './engine-calls.ts';
import type { RelayData } from './engine-relay.ts';

export interface EngineOptions {
  /** The file that the package onnxruntime-node is entered by. */
  readonly library: string;
  /** How long the process may take for an answer before it is ended. */
  readonly patienceMs: number;
}

/**
 * A process that computes for the trainers of a thread. The library in it may crash, hang, and must not be ended while it
 * computes: in a process of its own all of that is harmless. A call waits for its answer. The process ends with this object,
 * and with the thread or the process that made it, however those end.
 */
export class Engine implements Disposable {
  readonly #patienceMs: number;
  readonly #port: MessagePort;
  readonly #replied = sharedWord();
  readonly #pid = sharedWord();
  #lost: KtrdrError | undefined;

  constructor({ library, patienceMs }: EngineOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#patienceMs = patienceMs;
    this.#port = port1;
    const data: RelayData = { library, port: port2, replied: this.#replied, pid: this.#pid };
    const relay = new Worker(new URL('./engine-relay.js', import.meta.url), {
      workerData: data,
      transferList: [port2],
    });
    relay.unref();
    port1.unref();
  }

  /** Of the process; 0 before its first answer. */
  get pid(): number {
    return Atomics.load(this.#pid, 0);
  }

  /**
   * @throws KtrdrError what the process failed with; `internal` when it died or did not answer, after which every call
   *   throws that; `failed_precondition` when the library cannot be loaded.
   */
  call<Name extends CallName>(
    name: Name,
    trainer: number,
    input: EngineCalls[Name]['input'],
  ): EngineCalls[Name]['answer'] {
    if (this.#lost !== undefined) throw this.#lost;
    this.#post({ name, trainer, input });
    const reply = this.#nextReply(this.#patienceMs);
    switch (reply.kind) {
      case 'answer':
        return reply.answer;
      case 'failed':
        throw KtrdrError.fromProblem(reply.problem);
      case 'gone':
        this.#end();
        this.#lost = new KtrdrError(
          'internal',
          `The process that computes for the training ${reply.how}. Start the training again; it continues from its last checkpoint.`,
        );
        throw this.#lost;
      default:
        return reply satisfies never;
    }
  }

  /** Returns when the process is gone. */
  [Symbol.dispose](): void {
    if (this.#lost === undefined) this.#end();
    this.#lost ??= new KtrdrError('failed_precondition', 'This engine has been disposed of; create another one.');
  }

  /** Waits for the end, too: only while the thread between is there can a process that ended leave the system's table. */
  #end(): void {
    this.#post('end');
    while (this.#nextReply(endsWithinMs).kind !== 'gone');
    this.#port.close();
  }

  #post(message: unknown): void {
    const port = this.#port;
    port.postMessage(message);
  }

  #nextReply(patienceMs: number): EngineReply {
    for (;;) {
      // Before the look: a reply that comes between the look and the wait ends the wait.
      Atomics.store(this.#replied, 0, 0);
      const received: { message: EngineReply } | undefined = receiveMessageOnPort(this.#port);
      if (received !== undefined) return received.message;
      if (Atomics.wait(this.#replied, 0, 0, patienceMs) === 'timed-out') {
        return { kind: 'gone', how: `did not answer for ${Math.round(patienceMs / 1_000)} s and was ended` };
      }
    }
  }
}

const endsWithinMs = 1_000;

const sharedWord = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
