import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { KtrdrError, whyNot } from '../../base/index.ts';
import type { GatewaySimulator } from './gateway-simulator.ts';
import { understand, type UnderstoodMessage } from './protocol/understood-message.ts';

/** A file that is open, and that takes what a gateway says. */
export interface LogFile extends AsyncDisposable {
  /** From now on, every frame is a JSON object on a line. Disposing waits until everything is written. */
  listenTo(gateway: Pick<GatewaySimulator, 'onMessage'>): void;
}

/** @throws KtrdrError `failed_precondition` when the file cannot be written. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = createWriteStream(path, { flags: 'a' });
  await once(file, 'open').catch((cause: unknown) => {
    throw new KtrdrError('failed_precondition', `Cannot write the log "${path}": ${whyNot('write', cause)}.`, {
      cause,
    });
  });
  let listening: Disposable | undefined;
  const stop = (): void => listening?.[Symbol.dispose]();
  // A disk that is full ends the log and not the gateway.
  file.on('error', stop);
  return {
    listenTo(gateway) {
      listening = gateway.onMessage((message) => void file.write(`${JSON.stringify(lineOf(understand(message)))}\n`));
    },
    async [Symbol.asyncDispose]() {
      stop();
      if (file.destroyed) return;
      file.end();
      await once(file, 'close');
    },
  };
}

function lineOf({ at, ...message }: UnderstoodMessage): object {
  return { at: new Date(at).toISOString(), ...message };
}
