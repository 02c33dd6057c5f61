import { crc32 } from 'node:zlib';

/**
 * How far a log goes, told at its beginning: bytes that are lost at the end of a file leave no trace there. Two notes,
 * each a length with its checksum, are written by turns, so that one is whole whatever becomes of the other. A note is
 * written when what it tells of is on the disk, and is not synced itself: a loss of power may leave an older one, which
 * tells of less than there is, never of more.
 */
export interface LogExtent {
  /** Of the file, up to which it must go. */
  readonly length: number;
  /** Which of the two notes says so. */
  readonly note: 0 | 1;
  /** False when the other note cannot be read: its writing was cut short, or a bit was flipped. */
  readonly isWhole: boolean;
}

const mark = new TextEncoder().encode('ktrdrlog');
const noteBytes = 8;

/** What lies before the records. */
export const extentBytes = mark.length + 2 * noteBytes;

export function encodeExtent(length: number): Uint8Array {
  const note = encodeNote(length);
  return Buffer.concat([mark, note, note]);
}

/** The note that follows an extent, and where it is written. */
export function nextNote(
  { note }: LogExtent,
  length: number,
): { extent: LogExtent; bytes: Uint8Array; position: number } {
  const other = note === 0 ? 1 : 0;
  const extent = { length, note: other, isWhole: true } as const;
  return { extent, bytes: encodeNote(length), position: mark.length + other * noteBytes };
}

/** True for a log that says how far it goes; older ones begin with their records. */
export function hasExtent(bytes: Uint8Array): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/** @throws Error that says in a few words what is wrong with the beginning of a log. */
export function decodeExtent(bytes: Uint8Array): LogExtent {
  if (!hasExtent(bytes)) throw new Error('it does not begin as a log does');
  const [first, second] = [readNote(bytes, 0), readNote(bytes, 1)];
  if (first === undefined && second === undefined) throw new Error('it does not say how far it goes');
  const isWhole = first !== undefined && second !== undefined;
  return (first ?? -1) >= (second ?? -1)
    ? { length: first ?? 0, note: 0, isWhole }
    : { length: second ?? 0, note: 1, isWhole };
}

function encodeNote(length: number): Uint8Array {
  const bytes = new Uint8Array(noteBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, crc32(bytes.subarray(0, 4)), true);
  return bytes;
}

function readNote(bytes: Uint8Array, note: 0 | 1): number | undefined {
  const from = mark.length + note * noteBytes;
  if (bytes.length < from + noteBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, noteBytes);
  return view.getUint32(4, true) === crc32(bytes.subarray(from, from + 4)) ? view.getUint32(0, true) : undefined;
}
