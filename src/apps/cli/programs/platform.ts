import type { CliCommand } from '../cli-command.ts';
import type { UpOptions } from '../commands/up.ts';
import { latencyOption } from './parse-options.ts';
import type { Wrappers } from './command.ts';
import { port, withJson, type JsonOption } from './shared-options.ts';

export function completeDemo(demo: CliCommand, { client }: Wrappers): void {
  demo
    .option('--gateway-latency <ms>', 'how long the simulated gateway takes for one request', latencyOption, 150)
    .examples('ktrdr demo', 'ktrdr demo --home /tmp/ktrdr-demo')
    .action(
      client(async (context, options: { gatewayLatency: number }) =>
        (await import('../commands/demo.ts')).demo(context, options),
      ),
    );
}

export function completeUp(up: CliCommand, { server }: Wrappers): void {
  withJson(
    up
      .addOption(port('$KTRDR_API_PORT or 8000'))
      .option('--simulate', 'start a simulated gateway too and load from it'),
  )
    .examples('ktrdr up', 'ktrdr up --simulate', 'USE_TRAINING_HOST_SERVICE=true ktrdr up')
    .action(server(async (settings, options: UpOptions) => (await import('../commands/up.ts')).up(settings, options)));
}

export function completeDown(down: CliCommand, { client }: Wrappers): void {
  withJson(down)
    .examples('ktrdr down', 'ktrdr down --home ./data')
    .action(
      client(async (context, options: JsonOption) => (await import('../commands/down.ts')).down(context, options)),
    );
}

export function completeDoctor(doctor: CliCommand, { settings }: Wrappers): void {
  withJson(doctor)
    .examples('ktrdr doctor', 'ktrdr doctor --json')
    .action(
      settings(async (flags, options: JsonOption) => (await import('../commands/doctor.ts')).doctor(flags, options)),
    );
}
