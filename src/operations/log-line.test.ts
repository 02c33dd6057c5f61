import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedLine, logsPageSchema, maxLineBytes, type LogLine } from './log-line.ts';

const line = (message: string, fields: LogLine['fields'] = {}): LogLine => ({ at: 1, level: 'info', message, fields });
const sizeOf = ({ message, fields }: LogLine): number =>
  Buffer.byteLength(message) +
  Object.entries(fields).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(value)),
    0,
  );

describe('a line that is kept', () => {
  it('is what was written, where that is short and JSON carries it', () => {
    const short = line('part stored', { rows: 3, symbols: ['AAPL'], range: { start: 1 } });
    expect(boundedLine(short)).toEqual(short);
  });

  it('is never larger than its bound, whatever is written, and travels', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4_000, size: 'max' });
    fc.assert(
      fc.property(
        text,
        fc.dictionary(fc.string(), fc.oneof(text, fc.anything({ withBigInt: true }))),
        (words, fields) => {
          const kept = boundedLine(line(words, fields));
          expect(sizeOf(kept)).toBeLessThanOrEqual(maxLineBytes);
          const page = { lines: [kept], cursor: 1, more: false };
          expect(() => logsPageSchema.parse(JSON.parse(JSON.stringify(page)))).not.toThrow();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has long texts cut between two characters', () => {
    const { message, fields } = boundedLine(line('\u20AC'.repeat(1_000), { why: 'y'.repeat(3_000) }));
    expect(message).toMatch(/^\u20AC{300,333}\.\.\.$/);
    expect(fields['why']).toMatch(/^y{997}\.\.\.$/);
  });

  it('names errors by their words, files below the root relative to it, and leaves out what has no JSON', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const kept = boundedLine(
      line('cannot read /home/me/bars/AAPL', { error: new Error('no /home/me/bars/AAPL'), circle, rows: 3n }),
      '/home/me',
    );
    expect(kept).toMatchObject({ message: 'cannot read bars/AAPL', fields: { error: 'no bars/AAPL', rows: '3' } });
    expect(kept.fields).not.toHaveProperty('circle');
  });
});
