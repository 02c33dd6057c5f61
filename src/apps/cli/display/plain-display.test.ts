import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../async/index.ts';
import { childOf, operationOf } from './operation.fixture.ts';
import { PlainDisplay } from './plain-display.ts';

beforeEach(() => void vi.stubEnv('LC_ALL', 'C.UTF-8'));
afterEach(() => void vi.unstubAllEnvs());

function plain() {
  const stream = new PassThrough();
  const clock = new ManualClock();
  const display = new PlainDisplay(stream as unknown as NodeJS.WriteStream, clock);
  return {
    display,
    clock,
    lines: () =>
      String(stream.read() ?? '')
        .split('\n')
        .slice(0, -1),
  };
}

describe('PlainDisplay', () => {
  it('writes a line where words changed, a second apart at first and farther the longer it takes', () => {
    const { display, clock, lines } = plain();
    const toldAt: number[] = [];
    for (let second = 0; second < 600; second += 0.5) {
      display.show(operationOf({ message: `at ${second}` }));
      for (const line of lines()) toldAt.push(Number(line.slice(3)));
      clock.advance(500);
    }
    expect(toldAt.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    const apart = toldAt.map((at, index) => at - (toldAt[index - 1] ?? 0));
    expect(apart.at(-1)).toBe(30);
    expect(toldAt.length).toBeLessThan(60);
    display.show(operationOf({ message: 'the same' }));
    clock.advance(60_000);
    lines();
    display.show(operationOf({ message: 'the same' }));
    clock.advance(60_000);
    display.show(operationOf({ message: 'the same' }));
    expect(lines()).toEqual(['the same']);
  });

  it('gives each child lines of its own and one when it has ended', () => {
    const { display, lines } = plain();
    display.show(operationOf());
    display.showChild(childOf('1'));
    display.showChild(childOf('2'));
    display.show(operationOf({ message: 'Loading all [1/2]' }));
    display.showChild(childOf('1', { status: 'completed' }));
    display.showChild(childOf('1', { status: 'completed' }));
    display.end('done');
    expect(lines()).toEqual(['Loading all', 'Loading 1', 'Loading 2', '\u2713 Loading 1', 'done']);
  });

  it('says a thing once', () => {
    const { display, lines } = plain();
    for (const words of ['away', 'away', '', 'away']) display.say(words);
    expect(lines()).toEqual(['away', 'away']);
  });

  it('keeps what a terminal would obey out of a log', () => {
    const { display, lines } = plain();
    display.show(operationOf({ message: 'Loading \x1B[2Jall\nof it' }));
    expect(lines()).toEqual(['Loading  all of it']);
  });
});
