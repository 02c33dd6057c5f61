import { KtrdrError } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import type { Latency } from '../../../ib/index.ts';
import { createLogger } from '../create-logger.ts';
import { startSimulation, type Simulation } from '../../gateway-simulator.ts';
import { refuseTakenPort } from '../../refuse-taken-port.ts';
import { serve } from '../../serve.ts';
import { prepareHome } from './prepare-home.ts';
import { printJson, terminal } from '../terminal.ts';

export interface SimulateOptions {
  port?: number;
  controlPort?: number;
  serverVersion: number;
  seed: number;
  instruments?: string;
  replay?: string;
  holes: number;
  withoutPermission?: string[];
  latency: Latency;
  clock?: number;
  speed: number;
  scenario?: string;
  log?: string;
  /** False with `--no-pacing`. */
  pacing: boolean;
  json?: boolean;
}

export async function simulate(
  settings: Settings,
  { port = settings.ib.gateway.port, latency, clock, pacing, json = false, ...options }: SimulateOptions,
): Promise<number> {
  const log = createLogger('gateway-simulator', settings.logLevel);
  await refuseTakenPort(port);
  if (options.controlPort !== undefined) await prepareControl(settings, { port, controlPort: options.controlPort });
  let simulation: Simulation | undefined;
  return serve(
    async () => {
      simulation = await startSimulation(
        settings,
        {
          ...options,
          port,
          enforcePacing: pacing,
          ...(clock === undefined ? {} : { start: clock }),
          ...(typeof latency === 'number' ? { latencyMs: latency } : { faults: [{ kind: 'latency', ms: latency }] }),
        },
        log,
      );
      return simulation;
    },
    {
      log,
      announce: (url) => {
        const controlUrl = simulation?.controlUrl;
        if (json) printJson('ktrdr.gateway.simulate/1', { url, ...(controlUrl === undefined ? {} : { controlUrl }) });
        else for (const line of announcement(url, controlUrl, { ...options, clock })) terminal.print(line);
      },
    },
  );
}

/** The control port asks for the token of the home. */
async function prepareControl(
  { home }: Settings,
  { port, controlPort }: { port: number; controlPort: number },
): Promise<void> {
  if (port === controlPort && port !== 0) {
    const what = `The gateway has port ${port}; choose another one for its control with --control-port.`;
    throw new KtrdrError('invalid_input', what);
  }
  await refuseTakenPort(controlPort, { option: '--control-port' });
  prepareHome(home);
}

function announcement(
  url: string,
  controlUrl: string | undefined,
  { replay, seed, clock, speed }: Pick<SimulateOptions, 'replay' | 'seed' | 'speed'> & { clock: number | undefined },
): string[] {
  const { hostname, port } = new URL(url);
  const bars = replay === undefined ? `generating bars from seed ${seed}` : `replaying ${replay}`;
  const begun = clock === undefined ? '' : `from ${new Date(clock).toISOString()} `;
  return [
    `Simulated gateway on ${url}, ${bars}`,
    ...(clock === undefined && speed === 1 ? [] : [`  its time runs ${begun}${speed} times as fast as here`]),
    ...(controlUrl === undefined ? [] : [`  control port on ${controlUrl}`]),
    `  to load from it: IB_HOST=${hostname} IB_PORT=${port} npx ktrdr up`,
  ];
}
