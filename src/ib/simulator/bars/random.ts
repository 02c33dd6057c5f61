/**
 * Randomness by address instead of by sequence: the same key, instant and channel always give the same number, whatever
 * was asked before. That is what lets any bar be computed alone and still be the same bar in every answer.
 */
export function uniformAt(key: number, instant: number, channel: number): number {
  return uniformOf(addressOf(key, instant), channel);
}

/** Standard normal, by the Box-Muller transform of two addressed numbers. */
export function normalAt(key: number, instant: number, channel: number): number {
  return normalOf(addressOf(key, instant), channel);
}

/** What the numbers of all channels at one instant have in common, for whoever draws several of them. */
export function addressOf(key: number, instant: number): number {
  const low = mix(key ^ ((instant % 4_294_967_296) >>> 0));
  return mix(low + Math.imul(Math.floor(instant / 4_294_967_296), 0x9e3779b1));
}

export function uniformOf(address: number, channel: number): number {
  return ((mix(address ^ Math.imul(channel + 1, 0x85ebca77)) >>> 0) + 0.5) / 4_294_967_296;
}

export function normalOf(address: number, channel: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniformOf(address, 2 * channel)));
  return radius * Math.cos(2 * Math.PI * uniformOf(address, 2 * channel + 1));
}

/** A key for a text, for example of a seed and a symbol. FNV-1a, mixed. */
export function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
}

/** The finalizer of MurmurHash3 (Austin Appleby): every input bit changes half of the output bits. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
