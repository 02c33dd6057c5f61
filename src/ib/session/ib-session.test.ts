import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CancellationToken, systemClock } from '../../async/index.ts';
import { KtrdrError, silentLogger } from '../../base/index.ts';
import { encodeFrame } from '../simulator/protocol/framing.ts';
import { IbSession } from './ib-session.ts';
import { defaultTimeouts, type SessionTimeouts } from './session-options.ts';

const notices = [
  [2104, 'Market data farm connection is OK:usfarm'],
  [2107, 'HMDS data farm connection is inactive but should be available upon demand.ushmds'],
  [2158, 'Sec-def data farm connection is OK:secdefnj'],
] as const;

let server: Server;
let gateway: Socket | undefined;

afterEach(async () => {
  gateway?.destroy();
  gateway = undefined;
  await new Promise((resolve) => server.close(resolve));
});

/** Ready for a client at once; of its farms it says what the test tells it to. */
async function startGateway(): Promise<{ host: string; port: number }> {
  server = createServer((socket) => {
    socket.on('error', () => {}).resume();
    // The client's greeting.
    socket.once('data', () => {
      gateway = socket;
      send(178, '20260105 10:00:00 EST');
      send(15, 1, 'DU1,');
      send(9, 1, 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
}

function send(...fields: (string | number)[]): void {
  gateway?.write(encodeFrame(fields));
}

function tell(code: number, text: string): void {
  send(4, 2, -1, code, text, '');
}

async function opening(
  timeouts: Partial<SessionTimeouts> = {},
): Promise<{ session: Promise<IbSession>; heard: number[]; complaints: () => number }> {
  const heard: number[] = [];
  let complaints = 0;
  const session = IbSession.open(
    {
      address: await startGateway(),
      clientId: 1,
      timeouts: { ...defaultTimeouts, ...timeouts },
      mostMessagesPerSecond: 40,
      clock: systemClock,
      log: { ...silentLogger, info: (_, fields) => heard.push(Number(fields?.['code'])) },
      onPaceComplaint: () => (complaints += 1),
    },
    CancellationToken.none,
  );
  return { session, heard, complaints: () => complaints };
}

describe('IbSession', () => {
  it('is open when each kind of farm has been spoken of, and not before', async () => {
    const { session, heard } = await opening();
    let isOpen = false;
    void session.then(() => (isOpen = true));
    await vi.waitFor(() => expect(gateway).toBeDefined());
    for (const [index, [code, text]] of notices.entries()) {
      tell(code, text);
      await vi.waitFor(() => expect(heard[index]).toBe(code));
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(isOpen).toBe(index === notices.length - 1);
    }
    (await session).close(new KtrdrError('unavailable', 'done'));
  });

  it('does not wait for ever for a gateway that says nothing of its farms', async () => {
    const { session } = await opening({ farmsMs: 50 });
    const opened = await session;
    expect([opened.isOpen, opened.trouble]).toEqual([true, undefined]);
    opened.close(new KtrdrError('unavailable', 'done'));
  });

  it('passes on that messages come too fast, which is said of no request', async () => {
    const { session, complaints } = await opening({ farmsMs: 10 });
    const opened = await session;
    tell(100, 'Max rate of messages per second has been exceeded.');
    await vi.waitFor(() => expect(complaints()).toBe(1));
    expect(opened.isOpen).toBe(true);
    opened.close(new KtrdrError('unavailable', 'done'));
  });
});
