import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `ktrdr` is once the package is installed. */
export const programFile = fileURLToPath(new URL('../../dist/program/main.js', import.meta.url));

/** The same program, before its modules were joined. */
export const programOfModules = fileURLToPath(new URL('../../dist/apps/cli/main.js', import.meta.url));

interface ProcessOptions {
  readonly fileBlocks?: number;
  readonly cwd?: string;
  readonly program?: string;
}

/** A ktrdr command line in a process of its own, as a user starts it. */
export class KtrdrProcess implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<number>;
  readonly #listeners = new Set<() => void>();

  /** `fileBlocks`: no file that it writes grows beyond so many blocks of 512 or 1024 bytes, which the shell decides. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    { fileBlocks, cwd, program = programFile }: ProcessOptions = {},
  ) {
    const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `;
    const command = [process.execPath, program, ...args];
    const [file = '', ...rest] = limit === '' ? command : ['sh', '-c', `${limit}exec "$@"`, 'sh', ...command];
    this.#child = spawn(file, rest, {
      env: { ...process.env, FORCE_COLOR: '0', LC_ALL: 'C.UTF-8', ...environment },
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      // The leader of a process group, as a command typed into a terminal is.
      detached: true,
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)));
    this.#closed = new Promise((resolve) =>
      this.#child.once('close', (code) => this.#heard(() => resolve(code ?? -1))),
    );
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The exit code; -1 when a signal ended the process. */
  get exit(): Promise<number> {
    return this.#closed;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What `| head -0` does: nobody reads what the process prints. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** What a terminal does on Ctrl-C: the signal goes to the whole process group. */
  pressCtrlC(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Resolves with the match once the output contains it; rejects when the process ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        if (match === null) return;
        this.#listeners.delete(look);
        resolve(match);
      };
      this.#listeners.add(look);
      look();
      void this.#closed.then((code) => {
        look();
        reject(new Error(`ended with ${code} before ${pattern}:\n${this.stdout}\n${this.stderr}`));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#closed;
  }

  #heard(take: () => void): void {
    take();
    for (const listener of this.#listeners) listener();
  }
}

/** An API with a simulated gateway, where one that was killed can be started again. */
export async function upAt({ home, port }: { home: string; port: number }): Promise<KtrdrProcess> {
  const api = new KtrdrProcess(['up', '--simulate', '--port', String(port), '--home', home], {
    KTRDR_LOG_LEVEL: 'silent',
  });
  await api.until(/API on (\S+),/);
  return api;
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line to its end. */
export async function ktrdr(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  options: ProcessOptions = {},
): Promise<Finished> {
  const process = new KtrdrProcess(args, environment, options);
  const code = await process.exit;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'ktrdr-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
