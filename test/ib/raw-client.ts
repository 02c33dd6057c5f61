import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach } from 'vitest';

/** Destroyed when the test ends. */
export const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

export function frameOf(fields: readonly (string | number)[]): Buffer {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''), 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** An instrument as requests have it, from its number to the flag for expired ones. */
export function contractFields(symbol: string, secType = 'STK', currency = 'USD'): (string | number)[] {
  const exchange = secType === 'CASH' ? 'IDEALPRO' : 'SMART';
  return [0, symbol, secType, '', '', '', '', exchange, '', currency, '', '', 0];
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A client of nothing but bytes. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly frames: string[][] = [];
  #chunks: Buffer[] = [];
  #arrived: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      const missing = this.#take();
      if (missing <= 0) this.#arrived();
    });
    sockets.push(socket);
  }

  static async connect(simulator: Address, offer = 'v100..193'): Promise<RawClient> {
    const socket = connectSocket(simulator.port, simulator.host);
    const client = new RawClient(socket);
    await once(socket, 'connect');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(offer.length);
    socket.write(Buffer.concat([Buffer.from('API\0', 'latin1'), length, Buffer.from(offer, 'latin1')]));
    return client;
  }

  /** A client past its greeting and the notices of the start. */
  static async started(simulator: Address, offer = 'v100..193', clientId = 1): Promise<RawClient> {
    const client = await RawClient.connect(simulator, offer);
    client.send(71, 2, clientId, '');
    await client.take(6);
    return client;
  }

  send(...fields: (string | number)[]): void {
    this.socket.write(frameOf(fields));
  }

  async take(count: number): Promise<string[][]> {
    while (this.frames.length < count) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.frames.splice(0, count);
  }

  async next(): Promise<string[]> {
    const [frame = []] = await this.take(1);
    return frame;
  }

  /** Takes whole frames out of what has come; returns how many bytes the next one lacks. */
  #take(): number {
    const held = this.#chunks.reduce((sum, { length }) => sum + length, 0);
    const [first] = this.#chunks;
    const wanted = first !== undefined && first.length >= 4 ? 4 + first.readUInt32BE(0) : 5;
    if (held < wanted) return wanted - held;
    let data = Buffer.concat(this.#chunks);
    while (data.length >= 4 && data.length >= 4 + data.readUInt32BE(0)) {
      const end = 4 + data.readUInt32BE(0);
      this.frames.push(data.toString('latin1', 4, end).split('\0').slice(0, -1));
      data = data.subarray(end);
    }
    this.#chunks = data.length > 0 ? [data] : [];
    return 0;
  }
}
