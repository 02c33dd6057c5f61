import { createHash } from 'node:crypto';

/**
 * Bytes that carry their own digest: the text `openSeal` stands in them once, as the last of its kind, and is replaced by
 * their SHA-256 as they were with the open seal. So they prove by themselves that they are complete and unchanged.
 */
const mark = 'sha256:';
const openDigits = '0'.repeat(64);
export const openSeal = `${mark}${openDigits}`;

/** How much of a file's end is sure to hold its seal. */
export const sealTailBytes = 512;

/** Closes the open seal, in place. */
export function writeSeal(bytes: Uint8Array): string {
  const position = findSeal(bytes);
  if (position === undefined) throw new Error('there is no open seal to close');
  const seal = digestOf(bytes, position);
  new TextEncoder().encodeInto(seal, bytes.subarray(position));
  return seal;
}

/**
 * The seal of a file that is exactly as it was written.
 * @throws Error that says in a few words what is wrong.
 */
export function checkSeal(bytes: Uint8Array): string {
  const position = findSeal(bytes);
  if (position === undefined) throw new Error('it has no seal');
  const seal = sealAt(bytes, position);
  if (seal !== digestOf(bytes, position)) throw new Error('its content does not match its seal');
  return seal;
}

/** The seal written in a file, by the file or its end; undefined when there is none. Does not check that it holds. */
export function readSeal(tail: Uint8Array): string | undefined {
  const position = findSeal(tail);
  return position === undefined ? undefined : sealAt(tail, position);
}

/** The position of the seal's 64 hexadecimal digits. */
function findSeal(bytes: Uint8Array): number | undefined {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(mark);
  const position = found + mark.length;
  return found < 0 || position + openDigits.length > bytes.length ? undefined : position;
}

function sealAt(bytes: Uint8Array, position: number): string {
  return new TextDecoder('latin1').decode(bytes.subarray(position, position + openDigits.length));
}

function digestOf(bytes: Uint8Array, position: number): string {
  const rest = bytes.subarray(position + openDigits.length);
  return createHash('sha256').update(bytes.subarray(0, position)).update(openDigits).update(rest).digest('hex');
}
