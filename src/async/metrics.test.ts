import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { MetricsBatch, type MetricPoint } from './metrics.ts';

const point = (step: number): MetricPoint => ({ step, values: { loss: 1 / step } });

function batch() {
  const clock = new ManualClock();
  const sent: number[][] = [];
  const metrics = new MetricsBatch({ clock, send: (points) => sent.push(points.map(({ step }) => step)) });
  return { clock, sent, metrics };
}

describe('MetricsBatch', () => {
  it('sends a point at once, and what comes right after it together', () => {
    const { clock, sent, metrics } = batch();
    for (let step = 1; step <= 5; step += 1) metrics.record(point(step));
    expect(sent).toEqual([[1]]);
    clock.advance(100);
    expect(sent).toEqual([[1], [2, 3, 4, 5]]);
    clock.advance(100);
    metrics.record(point(6));
    expect(sent.at(-1)).toEqual([6]);
  });

  it('sends what is left when it is asked to, and nothing twice', () => {
    const { clock, sent, metrics } = batch();
    metrics.record(point(1), point(2));
    metrics.record(point(3));
    metrics.flush();
    metrics.flush();
    clock.advance(1_000);
    expect(sent).toEqual([[1, 2], [3]]);
  });

  it('loses no point and keeps their order, in no more than one message in 100 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 200 }), (pauses) => {
        const { clock, sent, metrics } = batch();
        for (const [index, pause] of pauses.entries()) {
          metrics.record(point(index + 1));
          clock.advance(pause);
        }
        expect(sent.length).toBeLessThanOrEqual(clock.elapsed() / 100 + 1);
        metrics.flush();
        expect(sent.flat()).toEqual(pauses.map((_, index) => index + 1));
      }),
    );
  });
});
