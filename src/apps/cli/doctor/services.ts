import { createServer } from 'node:net';
import type { CancellationToken } from '../../../async/index.ts';
import { KtrdrError } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import { briefClient } from '../../brief-client.ts';
import { clientToken } from '../../client-token.ts';
import { version } from '../../version.ts';
import { whoAnswers } from '../../who-answers.ts';
import type { Finding } from './finding.ts';

interface Place {
  /** What a service says that it is. */
  readonly service: string;
  readonly url: string;
  /** How it is started, when that can be done here. */
  readonly start: string;
  /** The setting that says where it is. */
  readonly setting: string;
}

export function lookAtApi(settings: Settings, token: CancellationToken): Promise<Finding> {
  const place = { service: 'ktrdr-api', url: settings.api.url, start: '"ktrdr up"', setting: 'api.url' };
  return lookAtService(settings, place, token);
}

export function lookAtHost(settings: Settings, domain: 'ib' | 'training', token: CancellationToken): Promise<Finding> {
  const place = {
    service: `ktrdr-${domain}-host`,
    url: settings[domain].hostServiceUrl,
    start: `"ktrdr up" or "ktrdr host ${domain}"`,
    setting: `${domain}.host_service.url`,
  };
  return lookAtService(settings, place, token);
}

/** Whether it answers, is what it should be, of this version, and takes our token; else whether it could be started. */
async function lookAtService(
  settings: Settings,
  { service, url, start, setting }: Place,
  token: CancellationToken,
): Promise<Finding> {
  await using client = briefClient(service, { url, withinMs: 2_000, token: clientToken(settings) });
  let health: { service: string; version: string };
  try {
    health = await client.health(token);
  } catch {
    token.throwIfCancelled(`the look at ${url}`);
    return noAnswer({ service, url, start, setting }, token);
  }
  const detail = `${health.service} ${health.version} answers at ${url}`;
  if (health.service !== service) {
    return { status: 'fail', detail, advice: `That is no ${service}: set ${setting} to where one is.` };
  }
  try {
    await client.list({ limit: 1 }, token);
  } catch (thrown) {
    return { status: 'fail', detail: `${detail}, but: ${KtrdrError.from(thrown).message}` };
  }
  if (health.version !== version) {
    const advice = `This is ktrdr ${version}: use one version on both sides.`;
    return { status: 'warn', detail, advice };
  }
  return { status: 'ok', detail };
}

async function noAnswer({ service, url, start, setting }: Place, token: CancellationToken): Promise<Finding> {
  const { hostname, port: given } = new URL(url);
  const port = Number(given === '' ? '80' : given);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) {
    const advice = `Start ${service} there, check the connection to it, or set ${setting}.`;
    return { status: 'fail', detail: `nothing answers at ${url}`, advice };
  }
  if (await isFree(hostname.replace(/^\[|\]$/g, ''), port)) {
    return { status: 'ok', detail: `not running; port ${port} is free for it. Start it with ${start}.` };
  }
  const other = await whoAnswers(new URL(url).origin, token);
  const who = other === undefined ? 'another program' : `${other.service} ${other.version}`;
  const advice = `Stop that one, or choose another port for ${service}: ${setting}, and --port where it starts.`;
  return { status: 'fail', detail: `port ${port} is taken by ${who}`, advice };
}

function isFree(hostname: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, hostname, () => server.close(() => resolve(true)));
  });
}
