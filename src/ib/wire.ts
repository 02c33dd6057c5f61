import type { Socket } from 'node:net';
import type { BarSizeSetting, Contract, IBApi } from '@stoqey/ib';
import { KtrdrError } from '../base/index.ts';
import type { IbContract } from './contract.ts';
import type { GatewayAddress } from './gateway-errors.ts';
import { TokenQueue } from './token-queue.ts';

type Library = typeof import('@stoqey/ib');

/** One connection's client object of the library, and what the library itself does not tell. */
export interface Wire {
  readonly api: IBApi;
  readonly events: Library['EventName'];
  /** True from the first to the last byte of a message: what is being received needs no patience beyond that. */
  readonly isReceiving: boolean;
  /** Counts the chunks of bytes that have come; a peer that sends is alive, whatever it sends. */
  readonly chunksReceived: number;
  /** Our words as the library's. */
  readonly toContract: (contract: IbContract) => Contract;
  readonly toBarSize: (text: string) => BarSizeSetting;
  connect(clientId: number): void;
  /** A message could not be decoded, or a listener failed: the connection cannot be trusted any more. */
  onBroken(listener: (error: unknown) => void): void;
}

/** Our own queue stays below this; it is the library's last line of defence. */
const maxRequestsPerSecond = 40;

/** The library is large; a program that never talks to a gateway itself does not load it. */
export async function createWire({ host, port }: GatewayAddress): Promise<Wire> {
  const { IBApi, EventName, SecType, BarSizeSetting } = await import('@stoqey/ib');
  const api = new IBApi({ host, port, maxReqPerSec: maxRequestsPerSecond });
  const { decoder, socketOf } = internalsOf(api);
  decoder.dataQueue = new TokenQueue();
  const decode = decoder.process.bind(decoder);
  let onBroken = (_error: unknown): void => {};
  // It runs inside the socket's data event, where a throw would end the process.
  decoder.process = () => {
    try {
      decode();
    } catch (error) {
      onBroken(error);
    }
  };
  let chunksReceived = 0;
  let chunksAtLastMessage = 0;
  api.on(EventName.received, () => (chunksAtLastMessage = chunksReceived));
  return {
    api,
    events: EventName,
    get isReceiving() {
      return chunksReceived > chunksAtLastMessage;
    },
    get chunksReceived() {
      return chunksReceived;
    },
    toContract: ({ secType, symbol, currency, exchange }) => ({
      secType: SecType[secType],
      symbol,
      currency,
      exchange,
    }),
    toBarSize(text) {
      const barSize = Object.values(BarSizeSetting).find((each: string) => each === text);
      if (barSize === undefined) throw new KtrdrError('internal', `IB has no bars of "${text}".`);
      return barSize;
    },
    onBroken: (listener) => (onBroken = listener),
    connect: (clientId) => {
      api.connect(clientId);
      // Before the library's own listener, so that a message counts the chunk that completed it.
      socketOf()?.prependListener('data', () => (chunksReceived += 1));
    },
  };
}

interface Decoder {
  dataQueue: unknown;
  process: () => void;
}

/**
 * The private members of the library that we replace or listen to. Checked, so that a release that moves them is
 * noticed at once.
 */
function internalsOf(api: IBApi): { decoder: Decoder; socketOf: () => Socket | undefined } {
  const { controller } = api as unknown as { controller?: { decoder?: Decoder; socket?: { client?: Socket } } };
  const { decoder, socket } = controller ?? {};
  if (decoder === undefined || !Array.isArray(decoder.dataQueue) || typeof decoder.process !== 'function') {
    throw incompatible('its decoder has no array "dataQueue" and method "process"');
  }
  if (socket === undefined) throw incompatible('its controller has no "socket"');
  return { decoder, socketOf: () => socket.client };
}

function incompatible(reason: string): KtrdrError {
  return new KtrdrError(
    'internal',
    `This release of the library @stoqey/ib does not fit: ${reason}. Install the release named in package.json.`,
  );
}
