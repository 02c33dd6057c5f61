import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Operation } from '../../../operations/index.ts';
import { childOf, operationOf } from './operation.fixture.ts';
import { Screen } from './screen.fixture.ts';
import { TerminalDisplay } from './terminal-display.ts';

const bar = (filled: number): string => '\u2501'.repeat(filled) + '\u2500'.repeat(24 - filled);

beforeEach(() => void vi.stubEnv('LC_ALL', 'C.UTF-8'));
afterEach(() => void vi.unstubAllEnvs());

function displayOn(screen: Screen): TerminalDisplay {
  return new TerminalDisplay({ stream: screen.stream, hasKeys: false, hint: 'Ctrl-C cancels it', keys: {} });
}

function childrenOf(count: number): Operation[] {
  return Array.from({ length: count }, (_, index) => childOf(`${index + 1}`));
}

describe('TerminalDisplay', () => {
  it('draws a line for each child at work, the whole below, and what the keys do', async () => {
    const screen = new Screen(60, 10);
    using display = displayOn(screen);
    display.show(operationOf());
    expect(await screen.lines()).toEqual([`${bar(12)} 50% Loading all`, 'Ctrl-C cancels it']);
    for (const fraction of [0.25, 0.75]) display.showChild(childOf(`${fraction}`, { fraction }));
    expect(await screen.lines()).toEqual([
      `${bar(6)} 25% Loading 0.25`,
      `${bar(18)} 75% Loading 0.75`,
      `${bar(12)} 50% Loading all`,
      'Ctrl-C cancels it',
    ]);
  });

  it('leaves a line for each child that has ended, once, and one for the end', async () => {
    const screen = new Screen(60, 10);
    using display = displayOn(screen);
    display.show(operationOf());
    for (const child of childrenOf(2)) display.showChild(child);
    display.showChild(childOf('2', { status: 'failed' }));
    display.showChild(childOf('2', { status: 'failed' }));
    display.showChild(childOf('1', { status: 'completed', startedAt: 0, endedAt: 2_000 }));
    display.showChild(childOf('1'));
    display.end('done');
    display[Symbol.dispose]();
    expect(await screen.lines()).toEqual(['\u2717 Loading 2: failed', '\u2713 Loading 1 in 2.0 s', 'done']);
  });

  it('says how many more children there are than rows', async () => {
    const screen = new Screen(60, 7);
    using display = displayOn(screen);
    display.show(operationOf());
    for (const child of childrenOf(9)) display.showChild(child);
    const lines = await screen.lines();
    expect(lines.map((line) => line.replace(/^.* 50% /, ''))).toEqual([
      'Loading 1',
      'Loading 2',
      'Loading 3',
      'and 6 more',
      'Loading all',
      'Ctrl-C cancels it',
    ]);
    screen.resize(60, 3);
    expect((await screen.lines()).at(-1)).toBe(`${bar(12)} 50% Loading all`);
  });

  it('begins its words at one place once the bar has given way, until there is more room', async () => {
    const screen = new Screen(60, 10);
    using display = displayOn(screen);
    const first = async () => (await screen.lines())[0];
    const long = 'Loading all, which takes many words';
    display.show(operationOf());
    display.show(operationOf({ message: long }));
    expect(await first()).toBe(`${'\u2501'.repeat(6)}${'\u2500'.repeat(6)} 50% ${long}`);
    display.show(operationOf());
    expect(await first()).toBe(`${'\u2501'.repeat(6)}${'\u2500'.repeat(6)} 50% Loading all`);
    screen.resize(100, 10);
    expect(await first()).toBe(`${bar(12)} 50% Loading all`);
  });

  it('says what there is to say at once, in the place of what the keys do', async () => {
    const screen = new Screen(60, 10);
    using display = displayOn(screen);
    display.show(operationOf());
    display.say('The API is away; trying again.');
    expect((await screen.lines()).at(-1)).toBe('The API is away; trying again.');
    display.say('');
    expect((await screen.lines()).at(-1)).toBe('Ctrl-C cancels it');
  });

  it('says it also where there is but one row', async () => {
    const screen = new Screen(60, 2);
    using display = displayOn(screen);
    display.show(operationOf());
    display.say('Cancelling');
    expect(await screen.lines()).toEqual(['Cancelling']);
  });

  it('draws in ASCII where nothing else can be shown', async () => {
    vi.stubEnv('LC_ALL', 'POSIX');
    const screen = new Screen(60, 10);
    using display = displayOn(screen);
    display.show(operationOf());
    display.showChild(childOf('1', { status: 'cancelled' }));
    expect(await screen.lines()).toEqual([
      '- Loading 1: cancelled',
      `${'='.repeat(12)}${'-'.repeat(12)} 50% Loading all`,
      'Ctrl-C cancels it',
    ]);
  });
});
