import { allocateBars, barColumns, barCount, type Bars } from '../../market/index.ts';
import { encodeRecord } from './records.ts';

/** A record that holds bars: what is said about them as JSON, then their columns as memory holds them. */
export function encodeBarRecord(about: object, bars: Bars): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ ...about, bars: barCount(bars) }));
  const columns = barColumns.map((name) => bytesOf(bars[name]));
  const payload = Buffer.concat([new Uint8Array(4), text, ...columns]);
  payload.writeUInt32LE(text.length, 0);
  return encodeRecord(payload);
}

/** @throws Error for a payload that is not of this kind. */
export function decodeBarRecord(payload: Uint8Array): { about: unknown; bars: Bars } {
  const textEnd = 4 + new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  const about: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(4, textEnd)));
  const count = (payload.length - textEnd) / (8 * barColumns.length);
  if (!Number.isInteger(count) || count < 0) throw new Error('the length of a record does not fit its bars');
  const bars = allocateBars(count);
  for (const [index, name] of barColumns.entries()) {
    const start = textEnd + 8 * count * index;
    bytesOf(bars[name]).set(payload.subarray(start, start + 8 * count));
  }
  return { about, bars };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
