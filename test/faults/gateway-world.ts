import { join } from 'node:path';
import { Resources } from '../../src/apps/serve.ts';
import { ManualClock } from '../../src/async/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import {
  BarStore,
  DataManager,
  fetchBars,
  type Coverage,
  type LoadBarsInput,
  type LoadBarsResult,
  type LoadMode,
  type SeriesInfo,
} from '../../src/data/index.ts';
import {
  fetchBarsWork,
  gatewayReadiness,
  IbBarProvider,
  IbDataAdapter,
  IbGateway,
  ibHostEndpoints,
  identifySymbol,
  startGatewaySimulator,
  type GatewaySimulator,
  type GatewaySimulatorOptions,
} from '../../src/ib/index.ts';
import { stock } from '../../src/ib/simulator/instruments/instruments.ts';
import type { Bars, TimeRange } from '../../src/market/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator, type Operation } from '../../src/operations/index.ts';
import { HostService, hostServiceConfig } from '../../src/service/index.ts';
import { temporaryDirectory } from '../support/ktrdr-process.ts';

const listedLate = stock({ conId: 1, symbol: 'LATE', longName: 'LISTED LATE', walk: { listed: '2023-06-05' } });

const series = { symbol: listedLate.symbol, timeframe: '1h' } as const;
/** Two years of it are five requests, and one more for what the beginning of an answer left open. */
export const requestsOfALoad = 6;
/** Of the requests so many are answered with bars. */
export const answersOfALoad = 5;
const loadedUntil = Date.parse('2025-06-12T00:00Z');

export interface EndedLoad {
  readonly operation: Operation;
  /** Of a load that has completed. */
  readonly result: LoadBarsResult | undefined;
}

interface RunningLoad {
  readonly id: string;
  readonly ended: Promise<EndedLoad>;
}

/** What the store holds of the series. */
export interface Held {
  readonly bars: Bars;
  readonly confirmedEmpty: SeriesInfo['confirmedEmpty'];
}

/**
 * The whole way of a load in one process: gateway, TCP, provider, IB host, HTTP, adapter, data room, store. All of it goes
 * by one clock that runs more than a hundred times as fast as the real one, and only while the event loop turns: a slow machine
 * makes a run last longer and changes nothing in it.
 */
export class GatewayWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly gateway: GatewaySimulator;
  readonly operations: OperationsService;
  readonly #resources: Resources;
  readonly #data: DataManager;
  readonly #bars: BarStore;
  #isFast = true;
  #stepMs = firstStepMs;
  #seen = 0;
  #loads = 0;

  static async start({
    now,
    gateway: options,
  }: {
    now: number;
    gateway: GatewaySimulatorOptions;
  }): Promise<GatewayWorld> {
    const resources = new Resources();
    const clock = new ManualClock(now);
    const log = silentLogger;
    const home = resources.add(await temporaryDirectory());
    const gateway = resources.add(
      await startGatewaySimulator({ clock, timers: clock, instruments: [listedLate], ...options }),
    );
    const { host, port } = gateway;
    // The library holds back by the real clock what goes beyond twice the rate of messages; here that would be an age.
    const pacing = { inFlight: 2, messages: { count: 40, ms: 10 } };
    const direct = new IbBarProvider(resources.add(new IbGateway({ host, port, pacing, clock, log })), clock);
    const there = orchestratorIn(join(home.path, 'host'), { resources, clock });
    there.register(fetchBars, fetchBarsWork(direct));
    const ibHost = resources.add(
      new HostService({
        name: 'ib-host',
        version: '1',
        orchestrator: there,
        endpoints: ibHostEndpoints(direct, there),
        readiness: { gateway: gatewayReadiness(direct) },
        clock,
      }),
    );
    const { url: baseUrl } = await ibHost.listen(0);
    const provider = resources.add(new IbDataAdapter({ config: hostServiceConfig({ baseUrl }), clock, log }));
    const bars = resources.add(await BarStore.open(join(home.path, 'bars'), { clock }));
    const here = orchestratorIn(home.path, { resources, clock });
    const data = new DataManager({ store: bars, provider, orchestrator: here, clock, identify: identifySymbol });
    return new GatewayWorld({ resources, clock, gateway, operations: here.operations, data, bars });
  }

  private constructor(parts: {
    resources: Resources;
    clock: ManualClock;
    gateway: GatewaySimulator;
    operations: OperationsService;
    data: DataManager;
    bars: BarStore;
  }) {
    this.clock = parts.clock;
    this.gateway = parts.gateway;
    this.operations = parts.operations;
    this.#resources = parts.resources;
    this.#data = parts.data;
    this.#bars = parts.bars;
    const beat = setInterval(() => this.clock.advance(this.#nextStepMs()), 1);
    this.#resources.add({ [Symbol.dispose]: () => clearInterval(beat) });
  }

  /** Loads the series from its first bar to a moment that lies before every world's now. */
  load(mode: LoadMode): RunningLoad {
    const input: LoadBarsInput = { ...series, mode, end: loadedUntil };
    const { id, result } = this.#data.load(input, { id: `load-${(this.#loads += 1)}` });
    const look = (found?: LoadBarsResult): EndedLoad => ({ operation: this.operations.get(id), result: found });
    return { id, ended: result.then(look, () => look()) };
  }

  /** From now on time passes as it does outside. */
  slowDown(): void {
    this.#isFast = false;
  }

  speedUp(): void {
    this.#isFast = true;
  }

  #nextStepMs(): number {
    if (!this.#isFast) return 1;
    const { connections, historyRequests, barsSent } = this.gateway.counters;
    const seen = connections + historyRequests + barsSent;
    this.#stepMs = seen === this.#seen ? Math.min(longestStepMs, this.#stepMs * growth) : firstStepMs;
    this.#seen = seen;
    return this.#stepMs;
  }

  async held(): Promise<Held> {
    const info = await this.#bars.info(series);
    return { bars: await this.#bars.read(series), confirmedEmpty: info?.confirmedEmpty ?? [] };
  }

  coverage(range: TimeRange): Promise<Coverage> {
    return this.#data.stored.coverage(series, range);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }
}

/** Of a step of time; it grows while nothing happens at the gateway. */
const firstStepMs = 150;
const longestStepMs = 400;
const growth = 1.02;

function orchestratorIn(
  home: string,
  { resources, clock }: { resources: Resources; clock: ManualClock },
): ServiceOrchestrator {
  const operations = new OperationsService(resources.add(OperationStore.open(home)), clock);
  return resources.add(new ServiceOrchestrator({ operations, clock, log: silentLogger }));
}
