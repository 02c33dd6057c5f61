import { connect } from 'node:net';
import { systemClock, type CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { closedByGateway, notReady, unreachable, type GatewayAddress } from './session/gateway-errors.ts';

/** Where the programs of IB listen unless they are told otherwise. */
export const usualGatewayPorts = [
  { port: 4001, program: 'IB Gateway', account: 'live' },
  { port: 4002, program: 'IB Gateway', account: 'paper trading' },
  { port: 7496, program: 'TWS', account: 'live' },
  { port: 7497, program: 'TWS', account: 'paper trading' },
] as const;

/** What the gateway says before anybody has logged in at it. */
export interface GatewayGreeting {
  readonly serverVersion: number;
}

const greeting = Buffer.from('API\0\0\0\0\tv100..178', 'latin1');

/**
 * Exchanges greetings with a gateway and leaves: no client id is taken, nothing is asked.
 * @throws KtrdrError `unavailable` that says how far it came, `cancelled`.
 */
export function probeGateway(
  address: GatewayAddress,
  { withinMs, token }: { withinMs: number; token: CancellationToken },
): Promise<GatewayGreeting> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let received = Buffer.alloc(0);
    const socket = connect({ ...address, noDelay: true });
    const end = (act: () => void): void => {
      late[Symbol.dispose]();
      cancelled[Symbol.dispose]();
      socket.destroy();
      act();
    };
    const fail = (error: unknown): void => end(() => reject(error));
    const late = systemClock.after(withinMs, () =>
      fail(isConnected ? notReady(address, withinMs) : unreachable(address, `no answer in ${withinMs / 1_000} s`)),
    );
    const cancelled = token.onCancelled(() =>
      fail(new KtrdrError('cancelled', 'The search for a gateway was cancelled.')),
    );
    socket.once('connect', () => {
      isConnected = true;
      socket.write(greeting);
    });
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      const answer = answerIn(received);
      if (answer === 'incomplete') return;
      if (answer !== undefined) end(() => resolve(answer));
      else fail(unreachable(address, 'what listens there speaks another protocol'));
    });
    socket.once('error', (cause) =>
      fail(isConnected ? closedByGateway(address, false) : unreachable(address, cause.message)),
    );
    socket.once('close', () => fail(closedByGateway(address, false)));
  });
}

/** A frame with the version and the time of the login, each ended by NUL. */
function answerIn(bytes: Buffer): GatewayGreeting | 'incomplete' | undefined {
  if (bytes.length < 4) return 'incomplete';
  const length = bytes.readUInt32BE(0);
  if (length > mostBytes) return undefined;
  if (bytes.length < 4 + length) return 'incomplete';
  const [version = ''] = bytes.toString('latin1', 4, 4 + length).split('\0');
  return /^\d{2,4}$/.test(version) ? { serverVersion: Number(version) } : undefined;
}

const mostBytes = 1_024;
