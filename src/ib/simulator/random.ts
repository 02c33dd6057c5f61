/**
 * Randomness by address instead of by sequence: the same key, instant and channel always give the same number, whatever
 * was asked before. That is what lets any bar be computed alone and still be the same bar in every answer.
 */
export function uniformAt(key: number, instant: number, channel: number): number {
  return (bitsAt(key, instant, channel) + 0.5) / 4_294_967_296;
}

/** Standard normal, by the Box-Muller transform of two addressed numbers. */
export function normalAt(key: number, instant: number, channel: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniformAt(key, instant, 2 * channel)));
  return radius * Math.cos(2 * Math.PI * uniformAt(key, instant, 2 * channel + 1));
}

/** A key for a text, for example of a seed and a symbol. FNV-1a, mixed. */
export function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
}

function bitsAt(key: number, instant: number, channel: number): number {
  let hash = mix(key ^ ((instant % 4_294_967_296) >>> 0));
  hash = mix(hash + Math.imul(Math.floor(instant / 4_294_967_296), 0x9e3779b1));
  return mix(hash ^ Math.imul(channel + 1, 0x85ebca77)) >>> 0;
}

/** The finalizer of MurmurHash3 (Austin Appleby): every input bit changes half of the output bits. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
