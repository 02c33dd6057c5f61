import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ProgressLine } from './progress-line.ts';

const message = 'Training MLP model on AAPL, MSFT [1h] epoch 15/50 batch 342/500';

/** The last thing that is drawn on a terminal of some columns. */
function drawn(columns: number, remainingMs = 0, detail = ''): string {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text = chunk.toString();
      done();
    },
  });
  const line = new ProgressLine(
    Object.assign(stream, { isTTY: true, columns, hasColors: () => true }) as unknown as NodeJS.WriteStream,
  );
  line.show({ message, fraction: 0.5, remainingMs, detail });
  return stripVTControlCharacters(text).replace('\r', '');
}

describe('ProgressLine on a terminal', () => {
  it('draws bar, percentage, words and remaining time', () => {
    expect(drawn(120, 65_000)).toBe(`${'\u2501'.repeat(12)}${'\u2500'.repeat(12)} 50% ${message} ETA 1m 05s`);
  });

  it.each([100, 80, 72, 70])('keeps the words whole in %i columns: the bar gives way', (columns) => {
    expect(drawn(columns, 65_000)).toContain(message);
  });

  it.each([
    [130, `${'\u2501'.repeat(12)}${'\u2500'.repeat(12)} 50% ${message} 8,555 bars, 4/s ETA 1m 05s`],
    [110, `${'\u2501'.repeat(6)}${'\u2500'.repeat(6)} 50% ${message} 8,555 bars, 4/s ETA 1m 05s`],
    [85, ` 50% ${message} ETA 1m 05s`],
  ])('lets the bar give way to numbers, and these to the remaining time, in %i columns', (columns, line) => {
    expect(drawn(columns, 65_000, '8,555 bars, 4/s')).toBe(line);
  });

  it.each([1, 2, 20, 60, 70, 80, 200])('never fills a line of %i columns, which would wrap', (columns) => {
    expect(drawn(columns, 65_000).length).toBeLessThan(columns);
  });

  it('takes a terminal that does not know its width as one of 80 columns', () => {
    expect(drawn(0)).toContain(message);
  });
});
