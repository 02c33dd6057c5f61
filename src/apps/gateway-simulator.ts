import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { obtainToken, type Settings } from '../config/index.ts';
import {
  controlEndpoints,
  instrumentsSchema,
  openLogFile,
  playScenario,
  readSettingsFile,
  scenarioSchema,
  startGatewaySimulator,
  VirtualClock,
  type GatewaySimulator,
  type GatewaySimulatorOptions,
} from '../ib/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../operations/index.ts';
import { HostService } from '../service/index.ts';
import { Resources, type RunningService } from './serve.ts';
import { version } from './version.ts';

export interface SimulationOptions extends Pick<
  GatewaySimulatorOptions,
  | 'port'
  | 'seed'
  | 'replay'
  | 'holes'
  | 'latencyMs'
  | 'serverVersion'
  | 'enforcePacing'
  | 'withoutPermission'
  | 'faults'
> {
  /** What time it is there at the start; now when absent. */
  readonly start?: number;
  /** How many times as fast as here time passes there; 0 stands still. */
  readonly speed: number;
  /** Of the control port; without one there is none. */
  readonly controlPort?: number;
  /** Files. */
  readonly instruments?: string;
  readonly scenario?: string;
  readonly log?: string;
}

/** A simulated gateway with everything around it. */
export interface Simulation extends RunningService {
  /** Of the control port. */
  readonly controlUrl?: string;
}

/** Starts a simulated gateway in a time of its own. What goes wrong with a file is told before anything listens. */
export async function startSimulation(
  settings: Settings,
  { start = systemClock.now(), speed, controlPort, instruments, scenario, log: logPath, ...options }: SimulationOptions,
  log: Logger,
): Promise<Simulation> {
  const resources = new Resources();
  try {
    const script = scenario === undefined ? undefined : await readSettingsFile(scenario, scenarioSchema);
    const own = instruments === undefined ? [] : await readSettingsFile(instruments, instrumentsSchema);
    const logFile = logPath === undefined ? undefined : resources.add(await openLogFile(logPath));
    const clock = resources.add(new VirtualClock({ start, speed }));
    // How fast messages come is a matter of the wire, however time passes in the simulated world.
    const timers: Pick<Clock, 'after' | 'elapsed'> = {
      after: (ms, callback) => clock.after(ms, callback),
      elapsed: () => systemClock.elapsed(),
    };
    const gateway = resources.add(await startGatewaySimulator({ ...options, instruments: own, clock, timers, log }));
    logFile?.listenTo(gateway);
    if (script !== undefined) resources.add(playScenario(script, { gateway, clock, log }));
    const url = `tcp://${gateway.host}:${gateway.port}`;
    const dispose = (): Promise<void> => resources[Symbol.asyncDispose]();
    if (controlPort === undefined) return { url, [Symbol.asyncDispose]: dispose };
    const controlUrl = await openControl(settings, { port: controlPort, gateway, clock, resources, log });
    return { url, controlUrl, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

interface ControlOptions {
  readonly port: number;
  readonly gateway: GatewaySimulator;
  readonly clock: VirtualClock;
  readonly resources: Resources;
  readonly log: Logger;
}

async function openControl(
  settings: Settings,
  { port, gateway, clock, resources, log }: ControlOptions,
): Promise<string> {
  // A host keeps records of its operations; this one has none that anybody will want to see again.
  const directory = await mkdtemp(join(tmpdir(), 'ktrdr-gateway-'));
  resources.add({ [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) });
  const store = resources.add(OperationStore.open(directory));
  const orchestrator = resources.add(
    new ServiceOrchestrator({ operations: new OperationsService(store, systemClock), clock: systemClock, log }),
  );
  const host = resources.add(
    new HostService({
      name: 'ktrdr-gateway-simulator',
      version,
      token: obtainToken(settings.access),
      orchestrator,
      endpoints: controlEndpoints(gateway, clock),
      log,
    }),
  );
  const { url } = await host.listen(port);
  return url;
}
