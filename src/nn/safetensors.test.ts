import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const tensor = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc.record({ shape: fc.constant(shape), values: fc.float32Array({ minLength: size, maxLength: size }) });
});
const files = fc.record({
  tensors: fc.dictionary(fc.string(), tensor, { maxKeys: 5 }).map((record) => new Map(Object.entries(record))),
  metadata: fc
    .dictionary(fc.string(), fc.string(), { maxKeys: 3 })
    .map((record) => Object.fromEntries(Object.entries(record))),
});

/** A file with any header. */
function fileOf(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (shape: number[], from: number, to: number) => ({ dtype: 'F32', shape, data_offsets: [from, to] });

describe('safetensors', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(files, (file) => {
        const { tensors, metadata } = readSafetensors(writeSafetensors(file));
        expect(metadata).toEqual(file.metadata);
        expect(tensors).toEqual(file.tensors);
      }),
    );
  });

  it('keeps a tensor of any name, and an empty one beside a full one', () => {
    const tensors = new Map([
      ['empty', { shape: [0], values: new Float32Array(0) }],
      ['__proto__', { shape: [1], values: Float32Array.of(1) }],
      ['1', { shape: [1], values: Float32Array.of(2) }],
    ]);
    expect(readSafetensors(writeSafetensors({ tensors, metadata: {} })).tensors).toEqual(tensors);
  });

  it('reads an empty tensor that a header names after the one it precedes', () => {
    const file = fileOf({ full: entry([1], 0, 4), empty: entry([0], 0, 0) }, new Uint8Array(4));
    expect([...readSafetensors(file).tensors.keys()]).toEqual(['empty', 'full']);
  });

  it('writes the bytes of the format', () => {
    const bytes = writeSafetensors({
      tensors: new Map([['w', { shape: [1, 2], values: Float32Array.of(1, -2) }]]),
      metadata: {},
    });
    const header = '{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    expect(header).toHaveLength(56);
    expect(Buffer.from(bytes).toString('latin1')).toBe(`8\0\0\0\0\0\0\0${header}\0\0\x80\x3f\0\0\0\xc0`);
  });

  it('fills the header up to a multiple of eight bytes', () => {
    const bytes = writeSafetensors({ tensors: new Map(), metadata: { a: 'b' } });
    expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(32);
    expect(bytes).toHaveLength(40);
    expect(readSafetensors(bytes).metadata).toEqual({ a: 'b' });
  });

  it('reads a file that lies within other bytes', () => {
    const bytes = writeSafetensors({
      tensors: new Map([['w', { shape: [1], values: Float32Array.of(5) }]]),
      metadata: {},
    });
    const around = new Uint8Array(bytes.length + 6);
    around.set(bytes, 3);
    expect(readSafetensors(around.subarray(3, 3 + bytes.length)).tensors.get('w')?.values).toEqual(Float32Array.of(5));
  });

  it('takes every cut of a file for corrupt', () => {
    const bytes = writeSafetensors({
      tensors: new Map([['w', { shape: [2], values: Float32Array.of(1, 2) }]]),
      metadata: {},
    });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'data_corrupt' }),
      );
    }
  });

  it.each([
    ['a header beyond the end', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255), 'its header says'],
    ['a header that is not JSON', fileOf('{'), 'not JSON'],
    ['a header that is a list', fileOf([]), 'its header is not an object'],
    ['metadata that is not text', fileOf({ __metadata__: { epochs: 3 } }), '"epochs" is wrong'],
    ['another type', fileOf({ w: { ...entry([1], 0, 2), dtype: 'F16' } }), 'F32'],
    ['a negative length', fileOf({ w: entry([-1], 0, 0) }), 'shape'],
    ['a shape that does not fit', fileOf({ w: entry([3], 0, 8) }, new Uint8Array(8)), 'does not fit'],
    ['a vast shape', fileOf({ w: entry([2 ** 40, 2 ** 40], 0, 8) }, new Uint8Array(8)), 'does not fit'],
    ['a vast shape with offsets to match', fileOf({ w: entry([2 ** 40], 0, 2 ** 42) }), 'beyond the last byte'],
    ['a hole', fileOf({ w: entry([1], 4, 8) }, new Uint8Array(8)), 'begins at 4'],
    [
      'two tensors on one place',
      fileOf({ v: entry([1], 0, 4), w: entry([1], 0, 4) }, new Uint8Array(4)),
      'begins at 0',
    ],
    ['bytes after the last tensor', fileOf({ w: entry([1], 0, 4) }, new Uint8Array(5)), '1 bytes follow'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(
      expect.objectContaining({ code: 'data_corrupt', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['a shape that does not hold the values', new Map([['w', { shape: [2], values: new Float32Array(3) }]])],
    ['a reserved name', new Map([['__metadata__', { shape: [1], values: new Float32Array(1) }]])],
  ])('does not write %s', (_, tensors) => {
    expect(() => writeSafetensors({ tensors, metadata: {} })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});
