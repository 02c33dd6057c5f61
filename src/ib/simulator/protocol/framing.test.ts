import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, escapeNonAscii, FrameReader, splitFields } from './framing.ts';

describe('encodeFrame()', () => {
  it('writes the length in four bytes and ends every field with NUL', () => {
    expect(encodeFrame([71, '2', 7, ''])).toEqual(Buffer.from('\0\0\0\u000871\u00002\u00007\0\0', 'latin1'));
  });

  it('counts bytes, not characters', () => {
    expect(encodeFrame(['\u00e9']).readUInt32BE(0)).toBe(3);
  });
});

describe('escapeNonAscii()', () => {
  it('writes characters beyond ASCII as escapes and leaves the others', () => {
    expect(escapeNonAscii('SOCI\u00c9T\u00c9 A&B')).toBe('SOCI\\u00c9T\\u00c9 A&B');
  });
});

describe('FrameReader', () => {
  const greeting = Buffer.concat([
    Buffer.from('API\0', 'latin1'),
    Buffer.from([0, 0, 0, 9]),
    Buffer.from('v100..193', 'latin1'),
  ]);

  it('gives back every message however the stream is cut', () => {
    const message = fc.array(fc.string({ unit: 'grapheme-ascii' }), { minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), cuts, (messages, sizes) => {
        const stream = Buffer.concat([greeting, ...messages.map(encodeFrame)]);
        const reader = new FrameReader();
        const payloads: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          payloads.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(payloads[0]?.toString()).toBe('v100..193');
        expect(payloads.slice(1)).toEqual(messages.map((fields) => encodeFrame(fields).subarray(4)));
        expect(payloads.slice(1).map(splitFields)).toEqual(messages);
      }),
    );
  });

  it('refuses what does not begin with API, at the first wrong byte', () => {
    expect(() => new FrameReader().push(Buffer.from('G'))).toThrow('another protocol');
    const reader = new FrameReader();
    expect(reader.push(Buffer.from('AP'))).toEqual([]);
    expect(() => reader.push(Buffer.from('X'))).toThrow('another protocol');
  });

  it('refuses a frame longer than any request', () => {
    const reader = new FrameReader();
    reader.push(greeting);
    expect(() => reader.push(Buffer.from([0xff, 0, 0, 0]))).toThrow('limit');
  });
});
