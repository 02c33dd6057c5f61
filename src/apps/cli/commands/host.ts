import type { Settings } from '../../../config/index.ts';
import { createLogger } from '../create-logger.ts';
import { startIbHost } from '../../ib-host.ts';
import { refuseTakenPort } from '../../refuse-taken-port.ts';
import { serve } from '../../serve.ts';
import { startTrainingHost } from '../../training-host.ts';
import { prepareHome } from './prepare-home.ts';
import { printJson, terminal } from '../terminal.ts';

export interface HostOptions {
  port: number;
  json?: boolean;
}

export async function ibHost(settings: Settings, { port, json = false }: HostOptions): Promise<number> {
  const log = createLogger('ib-host', settings.logLevel);
  const { host, port: gatewayPort } = settings.ib.gateway;
  await refuseTakenPort(port);
  prepareHome(settings.home);
  return serve(() => startIbHost(settings, { port, log }), {
    log,
    announce: (url) => {
      if (json) printJson('ktrdr.host.ib/1', { url, home: settings.home, gateway: { host, port: gatewayPort } });
      else terminal.print(`IB host service on ${url}, loading from the gateway at ${host}:${gatewayPort}`);
    },
  });
}

export async function trainingHost(settings: Settings, { port, json = false }: HostOptions): Promise<number> {
  const log = createLogger('training-host', settings.logLevel);
  await refuseTakenPort(port);
  prepareHome(settings.home);
  return serve(() => startTrainingHost(settings, { port, log }), {
    log,
    announce: (url) => {
      if (json) printJson('ktrdr.host.training/1', { url, home: settings.home });
      else terminal.print(`Training host service on ${url}, with the data in ${settings.home}`);
    },
  });
}
