import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What becomes of an answer on its way. */
export type Passage = 'whole' | 'altered' | 'cut off' | 'held';

/** A line between two services on loopback, which can spoil the answers to some of its requests. */
export class Wire implements AsyncDisposable {
  /** Where it leads. */
  target = '';
  readonly #server: Server;
  readonly #of: (path: string) => Passage;

  private constructor(server: Server, of: (path: string) => Passage) {
    this.#server = server;
    this.#of = of;
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => this.#carry(incoming, outgoing));
  }

  /** `passage` is asked once for every request, by its path. */
  static async open(passage: (path: string) => Passage): Promise<Wire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Wire(server, passage);
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { url = '/', method, headers } = incoming;
    const passage = this.#of(url);
    if (passage === 'held') return;
    const forward = request(new URL(url, this.target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => outgoing.destroy());
      if (passage === 'whole') answer.pipe(outgoing);
      else void this.#spoil(answer, outgoing, passage);
    });
    forward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forward.destroy());
    incoming.pipe(forward);
  }

  async #spoil(answer: IncomingMessage, outgoing: ServerResponse, passage: 'altered' | 'cut off'): Promise<void> {
    const bytes = await buffer(answer);
    if (passage === 'altered') {
      if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      outgoing.end(bytes);
    } else {
      outgoing.write(bytes.subarray(0, bytes.length >> 1), () => outgoing.destroy());
    }
  }
}
