import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecords, encodeRecord } from './records.ts';

const anyPayloads = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 });

describe('records', () => {
  it('come back as far as they are whole, wherever the file is cut off', () => {
    fc.assert(
      fc.property(anyPayloads, fc.nat(), (payloads, cut) => {
        const records = payloads.map(encodeRecord);
        const bytes = Buffer.concat(records);
        const size = cut % (bytes.length + 1);
        const found = decodeRecords(bytes.subarray(0, size));
        let length = 0;
        let whole = 0;
        while (whole < records.length && length + (records[whole]?.length ?? 0) <= size) {
          length += records[whole]?.length ?? 0;
          whole += 1;
        }
        expect(found.length).toBe(length);
        expect(found.payloads.map((one) => [...one])).toEqual(payloads.slice(0, whole).map((one) => [...one]));
      }),
    );
  });

  it('are refused where one is broken and whole ones follow', () => {
    fc.assert(
      fc.property(anyPayloads, fc.nat(), fc.nat(7), (payloads, at, bit) => {
        const records = payloads.map(encodeRecord);
        const last = encodeRecord(Uint8Array.of(1, 2, 3));
        const bytes = Buffer.concat([...records, last]);
        const index = at % (bytes.length - last.length);
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(() => decodeRecords(bytes)).toThrow(/whole records follow/);
      }),
    );
  });
});
