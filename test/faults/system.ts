import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientToken } from '../../src/apps/client-token.ts';
import { Resources } from '../../src/apps/serve.ts';
import { CancellationToken, systemClock } from '../../src/async/index.ts';
import { KtrdrError } from '../../src/base/index.ts';
import { startGatewaySimulator } from '../../src/ib/index.ts';
import { isTerminal, OperationStore, type Operation } from '../../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../../src/service/index.ts';
import { KtrdrProcess } from '../support/ktrdr-process.ts';
import type { Disk, History } from './history.ts';
import { freePort } from '../support/free-port.ts';

const { none: token } = CancellationToken;

export const serviceNames = ['api', 'ib', 'training'] as const;
export type ServiceName = (typeof serviceNames)[number];

interface SystemOptions {
  readonly home: string;
  readonly latencyMs?: number;
}

/** The whole system as processes on loopback, each of which can be killed, paused and started again at its address. */
export class System implements AsyncDisposable {
  readonly home: string;
  readonly #resources = new Resources();
  readonly #processes = new Map<ServiceName, KtrdrProcess>();
  readonly #clients = new Map<ServiceName, OperationsClient>();
  readonly #ports: Readonly<Record<ServiceName, number>>;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(home: string, ports: Readonly<Record<ServiceName, number>>, gatewayPort: number) {
    this.home = home;
    this.#ports = ports;
    this.#environment = {
      KTRDR_HOME: home,
      KTRDR_LOG_LEVEL: 'error',
      USE_IB_HOST_SERVICE: 'true',
      IB_HOST_SERVICE_URL: `http://127.0.0.1:${ports.ib}`,
      USE_TRAINING_HOST_SERVICE: 'true',
      TRAINING_HOST_SERVICE_URL: `http://127.0.0.1:${ports.training}`,
      IB_PORT: String(gatewayPort),
    };
  }

  static async start({ home, latencyMs = 40 }: SystemOptions): Promise<System> {
    const gateway = await startGatewaySimulator({ latencyMs, enforcePacing: false });
    const ports = { api: await freePort(), ib: await freePort(), training: await freePort() };
    const system = new System(home, ports, gateway.port);
    system.#resources.add(gateway);
    // The API last: it starts the hosts by itself that do not answer.
    await Promise.all([system.launch('ib'), system.launch('training')]);
    await system.launch('api');
    return system;
  }

  get api(): OperationsClient {
    return this.client('api');
  }

  client(name: ServiceName): OperationsClient {
    let client = this.#clients.get(name);
    if (client === undefined) {
      const baseUrl = this.urlOf(name);
      const access = clientToken({ access: { file: join(this.home, 'token') } });
      client = this.#resources.add(
        new OperationsClient(name, { config: hostServiceConfig({ baseUrl, token: access }) }),
      );
      this.#clients.set(name, client);
    }
    return client;
  }

  urlOf(name: ServiceName): string {
    return `http://127.0.0.1:${this.#ports[name]}${name === 'api' ? '/api/v1' : ''}`;
  }

  /** `fileBlocks` makes its disk full, as far as it can see: no file grows beyond so many blocks. */
  async launch(name: ServiceName, limits: { fileBlocks?: number } = {}): Promise<void> {
    const port = ['--port', String(this.#ports[name])];
    const process = new KtrdrProcess(
      name === 'api' ? ['up', ...port] : ['host', name, ...port],
      this.#environment,
      limits,
    );
    this.#processes.set(name, process);
    await process.until(name === 'api' ? /ktrdr API on/ : /host service on/);
  }

  /** By SIGKILL as a crash, by SIGTERM as its operator ends it. */
  async kill(name: ServiceName, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.signal(name, signal);
    await this.#process(name).exit;
  }

  async exited(name: ServiceName): Promise<void> {
    await this.#process(name).exit;
  }

  signal(name: ServiceName, signal: NodeJS.Signals): void {
    this.#process(name).kill(signal);
  }

  /** The memory that a process really has, by the account of the system; 0 where there is no such account. */
  residentBytes(name: ServiceName): number {
    const path = `/proc/${this.#process(name).pid}/status`;
    if (!existsSync(path)) return 0;
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(path, 'utf8')) ?? [];
    return Number(kibibytes) * 1_024;
  }

  /** What the services wrote to their logs, for the message of a failed test. */
  get logs(): string {
    return [...this.#processes].map(([name, { stderr }]) => (stderr === '' ? '' : `\n${name}: ${stderr}`)).join('');
  }

  /** Stops all processes in order; the homes stay. */
  async stop(): Promise<void> {
    for (const name of serviceNames) {
      this.#processes.get(name)?.kill('SIGCONT');
      await this.#processes.get(name)?.[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#resources[Symbol.asyncDispose]();
  }

  #process(name: ServiceName): KtrdrProcess {
    const process = this.#processes.get(name);
    if (process === undefined) throw new Error(`${name} was never started`);
    return process;
  }
}

/** Where a service of a home keeps its records. */
export function recordsOf(home: string, name: ServiceName): string {
  return name === 'api' ? home : join(home, 'hosts', name);
}

/** The records of a service that has stopped. */
export function diskOf(directory: string): Disk & Disposable & { readonly operations: readonly Operation[] } {
  const store = OperationStore.open(directory);
  return {
    find: (id) => store.find(id),
    operations: store.list({ limit: 1_000_000 }).operations,
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

/** As a client does that does not give up: what is safe to repeat, until it is answered. */
export async function persistently<T>(act: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      if (!KtrdrError.from(thrown).retryable || performance.now() > giveUpAt) throw thrown;
      await systemClock.sleep(20, token);
    }
  }
}

interface Following {
  readonly client: OperationsClient;
  readonly history: History;
  readonly reader: string;
}

/** Follows an operation, over any number of ends of its service, to the first state that is wanted, or to its end. */
export async function stateOf(
  id: string,
  { client, history, reader }: Following,
  isWanted: (operation: Operation) => boolean = () => false,
): Promise<Operation> {
  let after = 0;
  return persistently(async () => {
    for await (const operation of client.follow(id, { token, after })) {
      after = operation.version;
      history.seen(reader, operation);
      if (isWanted(operation) || isTerminal(operation.status)) return operation;
    }
    const last = await client.get(id, token);
    history.seen(reader, last);
    return last;
  });
}
