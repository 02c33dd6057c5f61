import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { KtrdrError } from '../../base/index.ts';
import type { GatewaySimulator } from './gateway-simulator.ts';
import { understand, type UnderstoodMessage } from './protocol/understood-message.ts';

/**
 * Writes every frame of a gateway to a file, one JSON object a line. Disposing waits until everything is written.
 * @throws KtrdrError `invalid_input` when the file cannot be written.
 */
export async function writeLogFile(
  path: string,
  gateway: Pick<GatewaySimulator, 'onMessage'>,
): Promise<AsyncDisposable> {
  const file = createWriteStream(path, { flags: 'a' });
  await once(file, 'open').catch((cause: unknown) => {
    const reason = KtrdrError.from(cause).message;
    throw new KtrdrError('invalid_input', `The messages cannot be logged to ${path}: ${reason}.`, { cause });
  });
  // A disk that is full ends the log and not the gateway.
  file.on('error', () => listening[Symbol.dispose]());
  const listening = gateway.onMessage((message) => void file.write(`${JSON.stringify(lineOf(understand(message)))}\n`));
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      if (file.destroyed) return;
      file.end();
      await once(file, 'close');
    },
  };
}

function lineOf({ at, ...message }: UnderstoodMessage): object {
  return { at: new Date(at).toISOString(), ...message };
}
