import { createServer } from 'node:net';
import { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { reachableHost } from '../config/index.ts';
import { bindError } from '../service/index.ts';
import { whoAnswers } from './who-answers.ts';

interface PortPlace {
  readonly hostname?: string;
  /** By which option another port is chosen; `--port` unless given. */
  readonly option?: string;
}

/**
 * For whoever would have to make and start much before it finds that it cannot listen.
 * @throws KtrdrError `conflict` when the port is taken, or what else `bindError` says.
 */
export async function refuseTakenPort(
  port: number,
  { hostname = '127.0.0.1', option = '--port' }: PortPlace = {},
): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', (cause) => reject(bindError(cause, { port, hostname, option })));
      probe.listen(port, hostname, resolve);
    });
  } catch (thrown) {
    throw await withWhoIsThere(thrown, option);
  }
  await new Promise((resolve) => probe.close(resolve));
}

/** Of a port that is taken it can be said by whom, when it is a service of ours. */
export async function withWhoIsThere(thrown: unknown, option = '--port'): Promise<unknown> {
  if (!(thrown instanceof KtrdrError) || thrown.code !== 'conflict') return thrown;
  const { port, hostname } = thrown.details;
  if (typeof port !== 'number' || typeof hostname !== 'string') return thrown;
  const there = await whoAnswers(`http://${reachableHost(hostname)}:${port}`, CancellationToken.none);
  if (there === undefined) return thrown;
  return new KtrdrError(
    'conflict',
    `Port ${port} on ${hostname} is taken by another ktrdr service (${there.service} ${there.version}). Stop that one, or choose another port with ${option}.`,
    { cause: thrown, details: thrown.details },
  );
}
