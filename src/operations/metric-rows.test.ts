import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../async/index.ts';
import { keptMetrics } from './metric-rows.ts';
import { OperationStore } from './operation-store.ts';
import { OperationsService } from './operations-service.ts';
import { operation } from './records.fixture.ts';

let directory: string;
let store: OperationStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-metrics-'));
  store = OperationStore.open(directory);
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const add = (id: string, ...steps: number[]): void => {
  for (const step of steps) store.metrics.add(id, [{ step, values: { loss: 1 / step } }], 1_000 + step);
};
const all = { after: 0, limit: 20_000 };
const steps = (id: string, from = all): number[] => store.metrics.page(id, from).points.map(({ step }) => step);

describe('the points of an operation', () => {
  it('come back in their order, with when they were recorded, page by page', () => {
    add('a', 1, 2);
    add('b', 1);
    add('a', 5);
    const first = store.metrics.page('a', { after: 0, limit: 2 });
    expect(first).toMatchObject({ points: [{ step: 1, at: 1_001, values: { loss: 1 } }, { step: 2 }], more: true });
    const second = store.metrics.page('a', { after: first.cursor, limit: 2 });
    expect(second).toMatchObject({ points: [{ step: 5, values: { loss: 0.2 } }], more: false });
    expect(store.metrics.page('a', { after: second.cursor, limit: 2 })).toEqual({
      points: [],
      cursor: second.cursor,
      more: false,
    });
  });

  it('take the place of those at their step and behind it, which a reader sees behind its cursor', () => {
    add('a', 1, 2, 3, 4);
    add('b', 3);
    const { cursor } = store.metrics.page('a', all);
    add('a', 3);
    expect(steps('a')).toEqual([1, 2, 3]);
    expect(steps('a', { after: cursor, limit: 10 })).toEqual([3]);
    expect(steps('b')).toEqual([3]);
  });

  it('that come together are written together', () => {
    const whole = { step: 1, values: { loss: 1 } };
    const broken = { step: 2, values: { loss: 1n } } as unknown as typeof whole;
    expect(() => store.metrics.add('a', [whole, broken], 1_000)).toThrow(TypeError);
    expect(steps('a')).toEqual([]);
    store.metrics.add('a', [whole, { ...whole, step: 3 }, { ...whole, step: 2 }], 1_000);
    expect(steps('a')).toEqual([1, 2]);
  });

  it('outlive their process, are bounded, and go with their operation', () => {
    const owner = store.claim();
    store.insert(operation('a', { status: 'failed' }), owner);
    store.unsynced(() => add('a', ...Array.from({ length: keptMetrics + 600 }, (_, index) => index + 1)));
    store[Symbol.dispose]();
    store = OperationStore.open(directory);
    const kept = steps('a');
    expect(kept.at(-1)).toBe(keptMetrics + 600);
    expect(kept.length).toBeGreaterThanOrEqual(keptMetrics);
    expect(kept.length).toBeLessThan(keptMetrics + 256);
    store.prune({ maxCount: 0 }, 2_000);
    expect(steps('a')).toEqual([]);
  });

  it('of an operation that nobody knows are not found', () => {
    expect(() => new OperationsService(store, systemClock).metrics('nobody')).toThrow(
      'There is no operation "nobody".',
    );
  });
});
