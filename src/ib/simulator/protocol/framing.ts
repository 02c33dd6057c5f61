import { KtrdrError } from '../../../base/index.ts';

/** One value of a message; booleans travel as 0 and 1, an unset value as an empty text. */
export type Field = string | number;

const greetingMark = Buffer.from('API\0', 'latin1');

/** A request of the protocol has a few hundred bytes; what announces more than this is no client of it. */
const maxFrameBytes = 1 << 20;

/** A message on the wire: `u32be(length)`, then every field ended by NUL. */
export function encodeFrame(fields: readonly Field[]): Buffer {
  const text = `${fields.join('\0')}\0`;
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length, 0);
  frame.write(text, 4);
  return frame;
}

/** The beginning of a frame whose other fields are there already, each ended by NUL. */
export function frameHead(fields: readonly Field[], rest: readonly Buffer[]): Buffer {
  const head = encodeFrame(fields);
  const length = rest.reduce((sum, chunk) => sum + chunk.length, head.length - 4);
  head.writeUInt32BE(length, 0);
  return head;
}

/** The first half of a frame's bytes. */
export function halfOf(frame: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(frame);
  return whole.subarray(0, whole.length >> 1);
}

/** The fields of one frame's payload. The NUL after the last field may be missing, as it is in the greeting. */
export function splitFields(payload: Buffer): string[] {
  const fields = payload.toString('utf8').split('\0');
  if (fields.at(-1) === '') fields.pop();
  return fields;
}

/** Names and error texts carry characters beyond ASCII as `\uXXXX`. */
export function escapeNonAscii(text: string): string {
  return text.replaceAll(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Reassembles what a client sends: `API\0` once, then frames. Frames may share a segment and may span many.
 * The first payload is the text of the greeting (`v100..193`).
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be held before it is worth looking again; keeps a frame sent byte by byte linear. */
  #wanted = 1;
  #greeted = false;

  /**
   * The payloads completed by this chunk.
   * @throws KtrdrError `invalid_input` when the client speaks another protocol.
   */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return [];
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    if (!this.#greeted) {
      rest = this.#greet(rest);
      if (!this.#greeted) return this.#keep(rest, rest.length + 1, []);
    }
    const payloads: Buffer[] = [];
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length > maxFrameBytes) {
        throw new KtrdrError(
          'invalid_input',
          `A client announced a frame of ${length} bytes; the limit is ${maxFrameBytes}.`,
        );
      }
      if (rest.length < 4 + length) return this.#keep(rest, 4 + length, payloads);
      payloads.push(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
    return this.#keep(rest, 4, payloads);
  }

  #greet(data: Buffer): Buffer {
    const seen = Math.min(data.length, greetingMark.length);
    if (!data.subarray(0, seen).equals(greetingMark.subarray(0, seen))) {
      throw new KtrdrError('invalid_input', 'A client did not begin with "API" and NUL; it speaks another protocol.');
    }
    this.#greeted = data.length >= greetingMark.length;
    return this.#greeted ? data.subarray(greetingMark.length) : data;
  }

  #keep(rest: Buffer, wanted: number, payloads: Buffer[]): Buffer[] {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    this.#wanted = wanted;
    return payloads;
  }
}
