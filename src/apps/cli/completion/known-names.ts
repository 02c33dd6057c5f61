import { CancellationToken } from '../../../async/index.ts';
import type { Settings } from '../../../config/index.ts';
import { briefClient } from '../../brief-client.ts';
import { clientToken } from '../../client-token.ts';
import { listSeries } from '../../data-endpoints.ts';
import { listModels } from '../../model-endpoints.ts';
import { strategyTemplates } from '../commands/strategy-templates.ts';
import type { Candidate, NameSource } from './completion.ts';

/** Who presses the tab key, or has mistyped a name, waits for it. */
const answerWithinMs = 700;

/** What is known by name, of operations the newest only. @throws KtrdrError when the API does not answer soon. */
export async function knownNames(names: NameSource, settings: Settings): Promise<Candidate[]> {
  if (names === 'templates') return (await strategyTemplates()).map((word) => ({ word }));
  await using client = briefClient('the ktrdr API', {
    url: settings.api.url,
    withinMs: answerWithinMs,
    token: clientToken(settings),
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
  if (names === 'types') return [...new Set(operations.map(({ type }) => type))].map((word) => ({ word }));
  return operations.map(({ id, status, message }) => ({ word: id, about: `${status}: ${message}` }));
}
