import { describe, expect, it } from 'vitest';
import { barsFromRows } from './bars.ts';
import { barsFromJson, barsToJson, jsonBarsSchema } from './json-bars.ts';

describe('barsToJson()', () => {
  it('survives a trip through JSON, with an unknown volume as null', () => {
    const bars = barsFromRows([
      { time: 0, open: 1.5, high: 2, low: 1, close: 1.75, volume: 100 },
      { time: 60_000, open: 1.75, high: 2, low: 1.5, close: 1.6, volume: Number.NaN },
    ]);
    const json: unknown = JSON.parse(JSON.stringify(barsToJson(bars)));
    expect(json).toMatchObject({ volume: [100, null] });
    expect(barsFromJson(jsonBarsSchema.parse(json))).toEqual(bars);
  });

  it('refuses columns of different lengths', () => {
    const broken = { ...barsToJson(barsFromRows([])), time: [1] };
    expect(jsonBarsSchema.safeParse(broken).success).toBe(false);
  });
});
