/**
 * Unpacks one LZ4 block of a known unpacked length, as Parquet holds them (`LZ4_RAW`).
 * @throws Error, in half a sentence, for bytes that are no such block.
 */
export function unpackLz4Block(packed: Uint8Array, length: number): Uint8Array {
  const target = new Uint8Array(length);
  if (unpackBlock(packed, { target, at: 0 }) !== length) throw damaged();
  return target;
}

/**
 * Unpacks LZ4 frames, as Arrow holds them: a header, blocks with their length before them, and an end mark. Checksums
 * are passed over; whoever holds frames in Arrow or Parquet knows the unpacked length, and Arrow's writers leave them out.
 * The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @throws Error, in half a sentence, for bytes that are no such frame.
 */
export function unpackLz4Frame(packed: Uint8Array): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const { blocks, mostBytes } = blocksOf(view);
  const target = new Uint8Array(mostBytes);
  let at = 0;
  for (const { start, end, isPacked } of blocks) {
    const block = packed.subarray(start, end);
    if (isPacked) {
      at = unpackBlock(block, { target, at });
    } else {
      target.set(block, at);
      at += block.length;
    }
  }
  return target.subarray(0, at);
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly isPacked: boolean;
}

const magic = 0x18_4d_22_04;

/** Where the blocks of a frame lie, and how much they can be at most. */
function blocksOf(view: DataView): { blocks: Block[]; mostBytes: number } {
  if (view.byteLength < 7 || view.getUint32(0, true) !== magic) throw damaged();
  const flags = view.getUint8(4);
  const [hasBlockChecksums, hasSize, hasDictionary] = [0x10, 0x08, 0x01].map((bit) => (flags & bit) !== 0);
  const sizeCode = (view.getUint8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || sizeCode < 4) throw damaged();
  if (hasDictionary === true) throw new Error('it is compressed by lz4 with a dictionary that it does not contain');
  // 64 KiB, 256 KiB, 1 MiB or 4 MiB.
  const blockBytes = 2 ** (2 * sizeCode + 8);
  const blocks: Block[] = [];
  let mostBytes = 0;
  for (let at = hasSize === true ? 15 : 7; ;) {
    if (at + 4 > view.byteLength) throw damaged();
    const word = view.getUint32(at, true);
    if (word === 0) return { blocks, mostBytes };
    const start = at + 4;
    const end = start + (word & 0x7fff_ffff);
    const isPacked = word < 0x8000_0000;
    if (end > view.byteLength || (!isPacked && end - start > blockBytes)) throw damaged();
    blocks.push({ start, end, isPacked });
    mostBytes += isPacked ? blockBytes : end - start;
    at = end + (hasBlockChecksums === true ? 4 : 0);
  }
}

/**
 * Unpacks one block behind what `target` holds before `at`, which the block may repeat.
 * The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 * @returns where it ends.
 */
function unpackBlock(packed: Uint8Array, { target, at }: { target: Uint8Array; at: number }): number {
  let from = 0;
  let to = at;
  // A length that fills its four bits goes on in the bytes behind it, up to the first that is not full.
  const lengthFrom = (bits: number): number => {
    if (bits < 15) return bits;
    let length = bits;
    for (;;) {
      const more = packed[from];
      if (more === undefined) throw damaged();
      from += 1;
      length += more;
      if (more < 255) return length;
    }
  };
  for (;;) {
    const token = packed[from];
    if (token === undefined) throw damaged();
    from += 1;
    const literals = lengthFrom(token >> 4);
    if (from + literals > packed.length || to + literals > target.length) throw damaged();
    if (literals > longRun) target.set(packed.subarray(from, from + literals), to);
    else for (let index = 0; index < literals; index += 1) target[to + index] = packed[from + index] ?? 0;
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from === packed.length) return to;
    const distance = (packed[from] ?? 0) | ((packed[from + 1] ?? 0) << 8);
    from += 2;
    const length = 4 + lengthFrom(token & 15);
    if (distance === 0 || distance > to || to + length > target.length) throw damaged();
    const source = to - distance;
    // A match may reach into itself, which repeats it.
    if (length > longRun && distance >= length) target.copyWithin(to, source, source + length);
    else for (let index = 0; index < length; index += 1) target[to + index] = target[source + index] ?? 0;
    to += length;
  }
}

/** Shorter ones are copied sooner byte by byte than by a call. */
const longRun = 32;

function damaged(): Error {
  return new Error('its lz4 compression is damaged');
}
