import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { operationOf } from './operation.fixture.ts';
import { closingLine, drawnLine, plainLine } from './progress-lines.ts';
import { fitted, textWidth } from './text-width.ts';

const message = 'Training MLP model on AAPL, MSFT [1h] epoch 15/50 batch 342/500';
const remaining = 'ETA 1m 05s';

function drawn(columns: number, detail = ''): string {
  return stripVTControlCharacters(drawnLine({ message, fraction: 0.5, remaining, detail }, { columns }).line);
}

describe('drawnLine()', () => {
  it('has bar, percentage, words and remaining time', () => {
    expect(drawn(120)).toBe(`${'\u2501'.repeat(12)}${'\u2500'.repeat(12)} 50% ${message} ${remaining}`);
  });

  it.each([100, 80, 72, 70])('keeps the words whole in %i columns: the bar gives way', (columns) => {
    expect(fitted(drawn(columns), columns - 1)).toContain(message);
  });

  it.each([
    [130, `${'\u2501'.repeat(12)}${'\u2500'.repeat(12)} 50% ${message} 8,555 bars, 4/s ${remaining}`],
    [110, `${'\u2501'.repeat(6)}${'\u2500'.repeat(6)} 50% ${message} 8,555 bars, 4/s ${remaining}`],
    [85, ` 50% ${message} ${remaining}`],
  ])('lets the bar give way to numbers, and these to the remaining time, in %i columns', (columns, line) => {
    expect(drawn(columns, '8,555 bars, 4/s')).toBe(line);
  });

  it('leaves out numbers before the whole bar, and has that come back as the narrowest', () => {
    const words = { message: 'x'.repeat(60), fraction: 0.5 };
    const narrow = drawnLine({ ...words, detail: '4 rows/s' }, { columns: 80 });
    expect(stripVTControlCharacters(narrow.line)).toBe(
      `${'\u2501'.repeat(6)}${'\u2500'.repeat(6)} 50% ${words.message}`,
    );
    const none = drawnLine({ ...words, remaining }, { columns: 80, widest: narrow.widest });
    expect(stripVTControlCharacters(none.line)).toBe(` 50% ${words.message} ${remaining}`);
    const again = drawnLine({ message: 'x', fraction: 1 }, { columns: 80, widest: none.widest });
    expect(stripVTControlCharacters(again.line)).toBe(`${'\u2501'.repeat(6)}100% x`);
  });

  it('counts signs that take two cells', () => {
    const columns = 60;
    const { line } = drawnLine({ message: 'Loading \u6bd4\u4e9a\u8fea', fraction: 0.5, remaining }, { columns });
    expect(textWidth(line)).toBe(24 + 5 + 14 + 1 + remaining.length);
    const long = drawnLine({ message: '\u6bd4'.repeat(24), fraction: 0.5, remaining }, { columns });
    expect(textWidth(long.line)).toBe(6 + 5 + 48);
    expect(long.widest).toBe(6);
  });
});

describe('plainLine()', () => {
  it('joins words, numbers and remaining time', () => {
    expect(plainLine({ message, fraction: 0.5, remaining, detail: '8,555 bars' })).toBe(
      `${message}, 8,555 bars, ${remaining}`,
    );
    expect(plainLine({ message, fraction: 0.5 })).toBe(message);
  });
});

describe('closingLine()', () => {
  const cancellation = { reason: 'user', requestedAt: 0, forced: true } as const;
  it.each([
    [operationOf({ status: 'completed', startedAt: 0, endedAt: 1_500 }), '\u2713 Loading all in 1.5 s'],
    [operationOf({ status: 'failed' }), '\u2717 Loading all: failed'],
    [operationOf({ status: 'cancelled' }), '\u25A0 Loading all: cancelled'],
    [operationOf({ status: 'cancelled', cancellation }), '\u25A0 Loading all: cancelled (its thread had to be ended)'],
    [operationOf({ status: 'running' }), 'Loading all: running'],
  ])('tells how %o ended', (operation, line) => {
    expect(stripVTControlCharacters(closingLine(operation))).toBe(line);
  });

  it('marks work that completed without some of its parts', () => {
    const { progress } = operationOf();
    const operation = operationOf({ status: 'completed', progress: { ...progress, context: { failed: 2 } } });
    expect(stripVTControlCharacters(closingLine(operation))).toBe('! Loading all');
  });
});
