import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { systemClock, type CancellationToken } from '../../async/index.ts';
import { KtrdrError, whyNot, type Schema } from '../../base/index.ts';
import { environmentWith } from '../../config/index.ts';
import type { ReadyMessage } from '../serve.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const startWithinMs = 20_000;
const stopWithinMs = 5_000;
const readySchema: Schema<ReadyMessage> = z.object({ ready: z.literal(true), url: z.string() });

interface ProcessOptions {
  /** In people's words, for errors. */
  name: string;
  /** The command, as one would type it after `ktrdr`. */
  command: readonly string[];
  /** Set beside the environment of this process. */
  environment: Readonly<Record<string, string>>;
  logFile: string;
  token: CancellationToken;
  /** Hears, in a sentence, of an end that nobody here asked for, once the service was ready. */
  onLost?: (sentence: string) => void;
}

/** A ktrdr service in a process of its own. It ends with this one, however this one ends. */
export class SupervisedProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #isStopping = false;

  private constructor(child: ChildProcess, exited: Promise<void>, url: string) {
    this.#child = child;
    this.#exited = exited;
    this.url = url;
  }

  /** Resolves when the service is ready. @throws KtrdrError `unavailable` with the end of its log, `cancelled`. */
  static async start({
    name,
    command,
    environment,
    logFile,
    token,
    onLost = () => {},
  }: ProcessOptions): Promise<SupervisedProcess> {
    token.throwIfCancelled(`the start of the ${name}`);
    const log = openLog(logFile);
    const child = fork(main, command, {
      env: environmentWith(environment),
      stdio: ['ignore', log, log, 'ipc'],
      // A session of its own: Ctrl-C in a terminal reaches this process only, which then stops the others in order.
      detached: true,
    });
    closeSync(log);
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      // A process that could not be made never exits.
      child.once('error', () => child.pid === undefined && resolve());
    });
    try {
      const service = new SupervisedProcess(child, exited, await ready(child, { name, logFile, token }));
      void exited.then(() => {
        if (!service.#isStopping) onLost(`The ${name} has ended unexpectedly. Its log is "${logFile}".`);
      });
      return service;
    } catch (error) {
      await stop(child, exited);
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await stop(this.#child, this.#exited);
  }
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'w');
  } catch (cause) {
    throw new KtrdrError(
      'failed_precondition',
      `Cannot write the log "${path}" (${whyNot('write', cause)}). Make it writable, or choose another --home.`,
      { cause },
    );
  }
}

function ready(
  child: ChildProcess,
  { name, logFile, token }: Pick<ProcessOptions, 'name' | 'logFile' | 'token'>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => (): void =>
      reject(new KtrdrError('unavailable', `The ${name} ${what}. Its log is "${logFile}": ${lastLines(logFile)}`));
    const late = systemClock.after(startWithinMs, fail(`was not ready within ${startWithinMs / 1_000} s`));
    const cancelled = token.onCancelled(() => {
      try {
        token.throwIfCancelled(`the start of the ${name}`);
      } catch (error) {
        reject(error);
      }
    });
    child.once('message', (message) => {
      const parsed = readySchema.safeParse(message);
      if (parsed.success) resolve(parsed.data.url);
      else fail('sent something other than its address')();
    });
    child.once('exit', fail('ended before it was ready'));
    child.once('error', (cause) => fail(`could not be started (${cause.message})`)());
    child.once('exit', () => late[Symbol.dispose]());
    child.once('message', () => {
      late[Symbol.dispose]();
      cancelled[Symbol.dispose]();
    });
  });
}

/** Asks, waits, and in the end insists. */
async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  using insist = systemClock.after(stopWithinMs, () => child.kill('SIGKILL'));
  void insist;
  await exited;
}

function lastLines(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' | ') || 'it is empty';
  } catch {
    return 'it cannot be read';
  }
}
