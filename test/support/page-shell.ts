import { spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resources } from '../../src/apps/serve.ts';
import { freePort } from './free-port.ts';
import { KtrdrProcess, programFile, temporaryDirectory, type Finished } from './ktrdr-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One block of commands of a page; with `sh stays-up` behind the fence a service that another terminal would show. */
export interface ShellBlock {
  readonly text: string;
  readonly staysUp: boolean;
}

export function shellBlocks(page: string): ShellBlock[] {
  return [...page.matchAll(/^```sh( stays-up)?\n([\s\S]*?)^```/gm)].map(([, staysUp, text = '']) => ({
    text: text.trim(),
    staysUp: staysUp !== undefined,
  }));
}

/**
 * Runs the blocks of a page as its reader would: a shell in a directory with `examples/`, a home of its own in `home`,
 * free ports in place of the usual ones. Services stay up until one of the same name takes their place.
 */
export class PageShell implements AsyncDisposable {
  readonly cwd: string;
  readonly home: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #ports: ReadonlyMap<string, string>;
  readonly #services = new Map<string, KtrdrProcess>();
  readonly #resources: Resources;

  private constructor(cwd: string, { ports, resources }: { ports: ReadonlyMap<string, string>; resources: Resources }) {
    this.cwd = cwd;
    this.home = join(cwd, 'home');
    this.#ports = ports;
    this.#resources = resources;
    this.#environment = {
      PATH: `${join(cwd, 'bin')}:${process.env['PATH'] ?? ''}`,
      FORCE_COLOR: '0',
      KTRDR_HOME: this.home,
      KTRDR_LOG_LEVEL: 'error',
      KTRDR_API_PORT: this.#port('8000'),
      KTRDR_API_URL: `http://127.0.0.1:${this.#port('8000')}/api/v1`,
      IB_PORT: this.#port('4002'),
      IB_HOST_SERVICE_URL: `http://127.0.0.1:${this.#port('5001')}`,
      TRAINING_HOST_SERVICE_URL: `http://127.0.0.1:${this.#port('5002')}`,
    };
  }

  static async open(): Promise<PageShell> {
    const resources = new Resources();
    const { path: cwd } = resources.add(await temporaryDirectory());
    const ports = new Map<string, string>();
    for (const usual of ['8000', '4002', '5001', '5002']) ports.set(usual, String(await freePort()));
    await mkdir(join(cwd, 'bin'));
    // What npx does in the folder of the package, without asking a registry.
    await writeFile(join(cwd, 'bin', 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${programFile}" "$@"\n`, {
      mode: 0o755,
    });
    await symlink(join(root, 'examples'), join(cwd, 'examples'));
    return new PageShell(cwd, { ports, resources });
  }

  /** Runs a block to its end, or, of a service, until it says where it listens. */
  async run({ text, staysUp }: ShellBlock): Promise<Finished> {
    const script = this.#here(text);
    if (!staysUp) return this.#shell(script);
    const words = script.split(' ');
    const at = words.indexOf('npx');
    const args = words.slice(at + 2);
    const [name = ''] = /\b(up|gateway simulate|host ib|host training)\b/.exec(script) ?? [];
    await this.#services.get(name)?.[Symbol.asyncDispose]();
    const environment = { ...this.#environment, ...Object.fromEntries(words.slice(0, at).map(assignment)) };
    const service = new KtrdrProcess(args, environment, { cwd: this.cwd });
    this.#services.set(name, service);
    await service.until(name === 'up' ? /ktrdr API on http/ : / on (http|tcp):\/\//);
    return { code: 0, stdout: service.stdout, stderr: service.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of [...this.#services.values()].toReversed()) await service[Symbol.asyncDispose]();
    await this.#resources[Symbol.asyncDispose]();
  }

  #port(usual: string): string {
    return this.#ports.get(usual) ?? usual;
  }

  /** What the page calls by its usual name, as it is called here. */
  #here(text: string): string {
    let here = text.replaceAll('~/.local/share/ktrdr', this.home);
    for (const [usual, port] of this.#ports) here = here.replaceAll(new RegExp(`\\b${usual}\\b`, 'g'), port);
    return here;
  }

  #shell(script: string): Promise<Finished> {
    const child = spawn('sh', ['-eu', '-c', script], {
      cwd: this.cwd,
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }
}

/** `NAME=value`, as it may stand before a command. */
function assignment(word: string): [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}
