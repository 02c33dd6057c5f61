import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import headless from '@xterm/headless';
import { programFile } from './ktrdr-process.ts';

const isMac = process.platform === 'darwin';

/** Whether this computer has what makes a pseudo-terminal: `script`, of util-linux or of macOS. */
export const hasTerminals = isMac || spawnSync('script', ['--version']).status === 0;

/** The first line of a session: the name of its terminal. */
const announcement = /^on (\S+) \.$/;

/**
 * What this process writes into is a socket, which the `script` of macOS does not take for its input: the keys go through a
 * pipe. The last line on descriptor 3 says that `script` has ended, which its neighbour in the pipe cannot know.
 */
const throughPipe = 'cat | { "$@" 3>&-; code=$?; echo ended >&3; exit "$code"; }';

interface SessionOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A shell on a real pseudo-terminal, whose screen is that of a terminal emulator. In its script `ktrdr` is the command
 * line under test, which is `"$node" "$main"`.
 */
export class TerminalSession implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #closed: Promise<number>;
  readonly #listeners = new Set<() => void>();
  #device = '';

  private constructor(child: ChildProcess, terminal: InstanceType<typeof headless.Terminal>) {
    this.#child = child;
    this.#terminal = terminal;
    child.stdout?.on('data', (bytes: Buffer) =>
      terminal.write(bytes, () => {
        for (const listener of this.#listeners) listener();
      }),
    );
    this.#closed = new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  }

  static async start(
    script: string,
    { columns = 100, rows = 30, environment = {} }: SessionOptions = {},
  ): Promise<TerminalSession> {
    const size = `stty cols ${columns} rows ${rows}`;
    const ktrdr = `node="${process.execPath}"; main="${programFile}"; ktrdr() { "$node" "$main" "$@"; }`;
    // A shell script goes on after Ctrl-C only when it says so.
    const command = `${size}; echo "on $(tty) ."; trap : INT; ${ktrdr}; ${script}`;
    const args = isMac ? ['-q', '/dev/null', '/bin/sh', '-c', command] : ['-qfec', command, '/dev/null'];
    const child = spawn('sh', ['-c', throughPipe, 'sh', 'script', ...args], {
      env: {
        ...process.env,
        SHELL: '/bin/sh',
        TERM: 'xterm-256color',
        LC_ALL: 'C.UTF-8',
        NO_COLOR: '1',
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      detached: true,
    });
    // Nobody types any more.
    child.stdio[3]?.once('data', () => child.stdin?.end());
    const session = new TerminalSession(
      child,
      new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 }),
    );
    const [, device = ''] = await session.until(announcement);
    session.#device = device;
    return session;
  }

  /** All lines that the terminal holds, those that have left the screen first. Lines that it broke are whole again. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row += 1) {
      const line = active.getLine(row);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${text}`);
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines.filter((line) => !announcement.test(line));
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The exit code of the script. */
  get exit(): Promise<number> {
    return this.#closed;
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /**
   * As somebody does who pulls at the corner of the window. Nothing that is written meanwhile is too wide: how a display
   * gets over lines that the terminal breaks is tested by itself.
   */
  async resize(columns: number, rows: number): Promise<void> {
    const size = ['cols', String(columns), 'rows', String(rows)];
    const tell = (): Promise<unknown> => promisify(execFile)('stty', [isMac ? '-f' : '-F', this.#device, ...size]);
    if (columns < this.#terminal.cols) {
      await tell();
      await this.#when(() => (this.lines.every(({ length }) => length < columns) ? true : undefined));
      this.#terminal.resize(columns, rows);
    } else {
      this.#terminal.resize(columns, rows);
      await tell();
    }
  }

  /** Resolves with the match once the terminal shows it; rejects when the script ends without. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await this.#when(() => pattern.exec(this.#device === '' ? this.#everything : this.text) ?? undefined);
    } catch (cause) {
      throw new Error(`ended with ${await this.#closed} before ${pattern}:\n${this.text}`, { cause });
    }
  }

  #when<T>(found: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const value = found();
        if (value === undefined) return;
        this.#listeners.delete(look);
        resolve(value);
      };
      this.#listeners.add(look);
      look();
      void this.#closed.then(() =>
        this.#terminal.write('', () => {
          look();
          reject(new Error('It did not come.'));
        }),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The terminal goes away, and whoever is on it hears of that.
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGTERM');
    await this.#closed;
    this.#terminal.dispose();
  }

  get #everything(): string {
    return this.#terminal.buffer.active.getLine(0)?.translateToString(true) ?? '';
  }
}
