import { CancellationToken } from '../../../async/index.ts';
import { processSettings, type Flags } from '../../../config/index.ts';
import { hostServiceConfig, OperationsClient } from '../../../service/index.ts';
import { clientToken } from '../../client-token.ts';
import { listSeries } from '../../data-endpoints.ts';
import { listModels } from '../../model-endpoints.ts';
import type { CliCommand } from '../cli-command.ts';
import { completionOf, type Candidate, type NameSource } from '../completion.ts';
import { completionScript, type Shell } from '../completion-scripts.ts';
import { terminal } from '../terminal.ts';

export function script(shell: Shell): Promise<void> {
  terminal.print(completionScript(shell).trimEnd());
  return Promise.resolve();
}

/** Who presses the tab key waits for it. */
const answerWithinMs = 700;

/** Prints what may stand at the end of a line that is being typed. Whatever goes wrong, nothing is said in between. */
export async function complete(program: CliCommand, flags: Flags, words: readonly string[]): Promise<void> {
  const { candidates, names, files = false, prefix = '', flags: typed } = completionOf(program, words);
  for (const candidate of candidates) print(candidate);
  if (names !== undefined) {
    const current = words.at(-1) ?? '';
    const found = await namesFrom(names, { ...flags, ...typed }).catch((): Candidate[] => []);
    for (const { word, ...rest } of found) {
      if (`${prefix}${word}`.startsWith(current)) print({ word: `${prefix}${word}`, ...rest });
    }
  }
  if (files) terminal.print(':files');
}

function print({ word, about }: Candidate): void {
  terminal.print(about === undefined ? word : `${word}\t${about}`);
}

async function namesFrom(names: NameSource, flags: Flags): Promise<Candidate[]> {
  const settings = await processSettings({}, { '--home': flags['--home'], '--api': flags['--api'] });
  await using client = new OperationsClient('the ktrdr API', {
    config: hostServiceConfig({
      baseUrl: settings.api.url,
      retries: 0,
      timeoutMs: answerWithinMs,
      token: clientToken(settings),
    }),
  });
  const token = CancellationToken.none;
  if (names === 'symbols') {
    const { series } = await client.call(listSeries, {}, token);
    return [...new Set(series.map(({ symbol }) => symbol))].map((word) => ({
      word,
      about: series.flatMap(({ symbol, timeframe }) => (symbol === word ? [timeframe] : [])).join(', '),
    }));
  }
  if (names === 'models') {
    const { models } = await client.call(listModels, {}, token);
    const newest = [...new Set(models.map(({ name }) => name))].map((word) => ({ word, about: 'its newest version' }));
    const versions = models.map(({ name, version, symbols }) => ({
      word: `${name}@${version}`,
      about: symbols.join(', '),
    }));
    return [...newest, ...versions];
  }
  const { operations } = await client.list({ limit: 50 }, token);
  return operations.map(({ id, status, message }) => ({ word: id, about: `${status}: ${message}` }));
}
