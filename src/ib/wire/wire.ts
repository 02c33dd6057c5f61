import type { Socket } from 'node:net';
import type { BarSizeSetting, Contract, IBApi } from '@stoqey/ib';
import { KtrdrError } from '../../base/index.ts';
import type { IbContract } from '../contract.ts';
import type { GatewayAddress } from '../session/gateway-errors.ts';
import type { HistoryAnswer } from './history-decoder.ts';
import { MessageStream } from './message-stream.ts';

type Library = typeof import('@stoqey/ib');

/** One connection's client object of the library, and what the library itself does not tell. */
export interface Wire {
  readonly api: IBApi;
  readonly events: Library['EventName'];
  /** The number of the message that is coming in, from its first to its last byte; undefined between two messages. */
  readonly messageComingIn: number | undefined;
  /** Counts the chunks of bytes that have come; a peer that sends is alive, whatever it sends. */
  readonly chunksReceived: number;
  /** Our words as the library's. */
  readonly toContract: (contract: IbContract) => Contract;
  readonly toBarSize: (text: string) => BarSizeSetting;
  connect(clientId: number): void;
  /** History answers come here, decoded by us, and not as events of the library. */
  onHistory(listener: (answer: HistoryAnswer) => void): void;
  /** A message could not be decoded, or a listener failed: the connection cannot be trusted any more. */
  onBroken(listener: (error: unknown) => void): void;
}

interface WireOptions {
  readonly address: GatewayAddress;
  /** What the library holds back, in tenths of a second, whoever wants it sent. */
  readonly mostMessagesPerSecond: number;
}

/** The library is large; a program that never talks to a gateway itself does not load it. */
export async function createWire({ address: { host, port }, mostMessagesPerSecond }: WireOptions): Promise<Wire> {
  const { IBApi, EventName, SecType, BarSizeSetting } = await import('@stoqey/ib');
  const api = new IBApi({ host, port, maxReqPerSec: mostMessagesPerSecond });
  const socket = socketOf(api);
  let onBroken = (_error: unknown): void => {};
  let onHistory = (_answer: HistoryAnswer): void => {};
  const stream = new MessageStream({
    serverVersion: () => api.serverVersion,
    onHistory: (answer) => onHistory(answer),
    onMessage: (text) => {
      // Without an end it is no message. The library would keep it as the beginning of the next one, and lose that one.
      if (text.endsWith('\0')) socket.onMessage(text);
    },
  });
  let chunksReceived = 0;
  // The library's listener calls the method by its name. A throw inside the data event would end the process.
  socket.onData = (chunk) => {
    chunksReceived += 1;
    try {
      stream.push(chunk);
    } catch (error) {
      onBroken(error);
    }
  };
  return {
    api,
    events: EventName,
    get messageComingIn() {
      return stream.isInside ? stream.taken + 1 : undefined;
    },
    get chunksReceived() {
      return chunksReceived;
    },
    toContract: ({ secType, symbol, currency, exchange, month }) => ({
      secType: SecType[secType],
      symbol,
      currency,
      exchange,
      ...(month === undefined ? {} : { lastTradeDateOrContractMonth: month }),
    }),
    toBarSize(text) {
      const barSize = Object.values(BarSizeSetting).find((each: string) => each === text);
      if (barSize === undefined) throw new KtrdrError('internal', `IB has no bars of "${text}".`);
      return barSize;
    },
    onBroken: (listener) => (onBroken = listener),
    onHistory: (listener) => (onHistory = listener),
    connect: (clientId) => {
      api.connect(clientId);
      // Else a message waits, mostly for 40 ms, until the gateway's system has acknowledged the one before it.
      socket.client?.setNoDelay();
    },
  };
}

interface LibrarySocket {
  onData: (chunk: Buffer) => void;
  /** Decodes one message, its fields each ended by NUL, and emits its event. */
  onMessage: (text: string) => void;
  /** There once it connects. */
  readonly client?: Pick<Socket, 'setNoDelay'>;
}

/**
 * The private part of the library that we put our own reading of the bytes into. Checked, so that a release that moves
 * it is noticed at once.
 */
function socketOf(api: IBApi): LibrarySocket {
  const { controller } = api as unknown as { controller?: { socket?: Partial<LibrarySocket> } };
  const { socket } = controller ?? {};
  if (typeof socket?.onData === 'function' && typeof socket.onMessage === 'function') return socket as LibrarySocket;
  throw new KtrdrError(
    'internal',
    'This release of the library @stoqey/ib does not fit: its controller has no socket with the methods "onData" and "onMessage". Install the release named in package.json.',
  );
}
