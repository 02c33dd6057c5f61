import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unpackLz4Block, unpackLz4Frame } from './lz4.ts';

/** Text that repeats itself near and far, in runs of any length. */
const repetitive = fc
  .array(fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }), times: fc.integer({ min: 1, max: 60 }) }), {
    maxLength: 30,
  })
  .map((parts) => Buffer.concat(parts.flatMap(({ bytes, times }) => Array.from({ length: times }, () => bytes))));

describe('unpackLz4Block()', () => {
  it('gives back what was packed', () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        expect(Buffer.from(unpackLz4Block(packedBlock(bytes), bytes.length)).equals(bytes)).toBe(true);
      }),
    );
  });

  it('refuses whatever is cut off, in place of filling up with zeros', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(), (bytes, cut) => {
        fc.pre(bytes.length > 0);
        const packed = packedBlock(bytes);
        expect(() => unpackLz4Block(packed.subarray(0, cut % packed.length), bytes.length)).toThrow(/is damaged/);
        expect(() => unpackLz4Block(packed, bytes.length - 1)).toThrow(/is damaged/);
        expect(() => unpackLz4Block(packed, bytes.length + 1)).toThrow(/is damaged/);
      }),
    );
  });

  it('ends with any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(unpackLz4Block(bytes, 300)).toHaveLength(300);
        } catch (error) {
          expect(error).toMatchObject({ message: 'its lz4 compression is damaged' });
        }
      }),
    );
  });
});

describe('unpackLz4Frame()', () => {
  const checksums = fc.constantFrom(0x40, 0x50, 0x60, 0x48, 0x78);

  it('gives back what was packed in blocks that repeat each other, with any of the optional fields', () => {
    fc.assert(
      fc.property(fc.array(repetitive, { maxLength: 4 }), checksums, fc.boolean(), (parts, flags, isPlain) => {
        const bytes = Buffer.concat(parts);
        expect(Buffer.from(unpackLz4Frame(packedFrame(parts, { flags, isPlain }))).equals(bytes)).toBe(true);
      }),
    );
  });

  it('refuses what is no frame, or not all of one', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(), (bytes, cut) => {
        const packed = packedFrame([bytes], { flags: 0x40, isPlain: false });
        expect(() => unpackLz4Frame(packed.subarray(0, cut % packed.length))).toThrow(/is damaged/);
      }),
    );
    expect(() => unpackLz4Frame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow(/is damaged/);
    expect(() => unpackLz4Frame(packedFrame([], { flags: 0x41, isPlain: false }))).toThrow(/with a dictionary/);
  });
});

/** Blocks of 64 KiB at most, each packed with what came before it in reach. */
function packedFrame(parts: readonly Buffer[], { flags, isPlain }: { flags: number; isPlain: boolean }): Buffer {
  const size = (flags & 0x08) === 0 ? [] : [Buffer.alloc(8)];
  const written: Buffer[] = [Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40]), ...size, Buffer.alloc(1)];
  let before = Buffer.alloc(0);
  for (const part of parts) {
    const block = isPlain ? part : packedBlock(part, before);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(isPlain ? block.length + 0x8000_0000 : block.length);
    // A block of length nothing would be the end mark.
    if (block.length > 0) written.push(length, block, Buffer.alloc((flags & 0x10) === 0 ? 0 : 4));
    before = Buffer.concat([before, part]);
  }
  return Buffer.concat([...written, Buffer.alloc((flags & 0x04) === 0 ? 4 : 8)]);
}

/** Greedy and slow: the longest match at each place, of what came before. The last five bytes are never one. */
function packedBlock(bytes: Buffer, before: Buffer = Buffer.alloc(0)): Buffer {
  const all = Buffer.concat([before, bytes]);
  const written: number[] = [];
  let at = before.length;
  let literalsFrom = at;
  while (at < all.length - 5) {
    const distance = at - all.lastIndexOf(all.subarray(at, at + 4), at - 1);
    const reaches = at > 0 && all.lastIndexOf(all.subarray(at, at + 4), at - 1) >= 0 && distance < 65_536;
    let length = 0;
    if (reaches) while (at + length < all.length - 5 && all[at + length] === all[at + length - distance]) length += 1;
    if (length < 4) {
      at += 1;
      continue;
    }
    writeSequence(written, all.subarray(literalsFrom, at), { distance, length });
    at += length;
    literalsFrom = at;
  }
  writeSequence(written, all.subarray(literalsFrom), undefined);
  return Buffer.from(written);
}

function writeSequence(
  written: number[],
  literals: Buffer,
  match: { distance: number; length: number } | undefined,
): void {
  const more = match === undefined ? 0 : match.length - 4;
  written.push((Math.min(literals.length, 15) << 4) | Math.min(more, 15), ...lengthBytes(literals.length), ...literals);
  if (match !== undefined) written.push(match.distance & 255, match.distance >> 8, ...lengthBytes(more));
}

function lengthBytes(length: number): number[] {
  if (length < 15) return [];
  return [...Array.from({ length: Math.floor((length - 15) / 255) }, () => 255), (length - 15) % 255];
}
