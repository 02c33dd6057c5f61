import { crc32 } from 'node:zlib';

/**
 * Records one after the other: mark, length and CRC-32 of the payload, payload. Written at the end of a file, each one
 * counts as soon as it is whole.
 */
const mark = 0x4c52544b;
const headerBytes = 12;

export function encodeRecord(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(headerBytes + payload.length);
  const header = new DataView(record.buffer);
  header.setUint32(0, mark, true);
  header.setUint32(4, payload.length, true);
  header.setUint32(8, crc32(payload), true);
  record.set(payload, headerBytes);
  return record;
}

export interface DecodedRecords {
  readonly payloads: readonly Uint8Array[];
  /** Where the last whole record ends. What is behind it is a record whose writing was cut short. */
  readonly length: number;
}

/**
 * Reads records from byte `from` on, as far as they are whole. A crash can only leave the last one half-written; where whole records follow
 * behind a broken one, the file was damaged afterwards.
 * @throws Error that says so.
 */
export function decodeRecords(bytes: Uint8Array, from = 0): DecodedRecords {
  const payloads: Uint8Array[] = [];
  let length = from;
  for (;;) {
    const payload = payloadAt(bytes, length);
    if (payload === undefined) break;
    payloads.push(payload);
    length += headerBytes + payload.length;
  }
  for (let at = length + 1; at + headerBytes <= bytes.length; at += 1) {
    if (payloadAt(bytes, at) !== undefined)
      throw new Error(`the record at byte ${length} does not match its checksum, and whole records follow`);
  }
  return { payloads, length };
}

function payloadAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (at + headerBytes > bytes.length) return undefined;
  const header = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes);
  if (header.getUint32(0, true) !== mark) return undefined;
  const payload = bytes.subarray(at + headerBytes, at + headerBytes + header.getUint32(4, true));
  return payload.length === header.getUint32(4, true) && crc32(payload) === header.getUint32(8, true)
    ? payload
    : undefined;
}
