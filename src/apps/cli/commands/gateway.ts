import type { Settings } from '../../../config/index.ts';
import { startGatewaySimulator } from '../../../ib/index.ts';
import { createLogger } from '../../create-logger.ts';
import { serve } from '../../serve.ts';
import { terminal } from '../terminal.ts';

export interface SimulateOptions {
  port?: number;
  replay?: string;
  seed: number;
  latency: number;
}

export function simulate(settings: Settings, { port, replay, seed, latency }: SimulateOptions): Promise<number> {
  const log = createLogger('gateway-simulator', settings.logLevel);
  return serve(
    async () => {
      const gateway = await startGatewaySimulator({
        port: port ?? settings.ib.gateway.port,
        seed,
        latencyMs: latency,
        log,
        ...(replay === undefined ? {} : { replay }),
      });
      return { url: `tcp://127.0.0.1:${gateway.port}`, [Symbol.asyncDispose]: () => gateway.close() };
    },
    {
      log,
      announce: (url) =>
        terminal.print(
          `Simulated gateway on ${url}, ${replay === undefined ? `generating bars from seed ${seed}` : `replaying ${replay}`}`,
        ),
    },
  );
}
