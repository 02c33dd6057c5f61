import type { CliCommand } from '../cli-command.ts';
import type { Wrappers } from './command.ts';
import { withJson, type JsonOption } from './shared-options.ts';

/** Measures an installation. */
export function completeBench(bench: CliCommand, { client }: Wrappers): void {
  withJson(bench)
    .examples('ktrdr bench', 'ktrdr bench --json')
    .action(
      client(async (context, options: JsonOption) => (await import('../commands/bench.ts')).bench(context, options)),
    );
}
