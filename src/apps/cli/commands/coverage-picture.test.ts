import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { coveragePicture as painted, pictureLegend } from './coverage-picture.ts';

const coveragePicture = (...options: Parameters<typeof painted>): string =>
  stripVTControlCharacters(painted(...options));

const period = (date: string, expected: number, present: number, confirmedEmpty = 0) => ({
  start: Date.parse(date),
  expected,
  present,
  confirmedEmpty,
});

describe('coveragePicture()', () => {
  it('has a row for each year and a cell for each month, from all to none', () => {
    const months = [
      period('2022-11-01', 20, 20),
      period('2022-12-01', 20, 19, 1),
      period('2023-01-01', 1_000, 999),
      period('2023-02-01', 20, 10),
      period('2023-03-01', 20, 1),
      period('2023-04-01', 20, 0),
    ];
    expect(coveragePicture(months, { by: 'month', columns: 50 })).toBe(
      ['         JFMAMJJASOND', '2022               ██  100.0 %', '2023     ▓▒░·           95.2 %  50 missing'].join(
        '\n',
      ),
    );
  });

  it('has a row for each month and a cell for each day, wider where there is room', () => {
    const days = [period('2023-01-03', 7, 7), period('2023-01-31', 7, 0)];
    expect(coveragePicture(days, { by: 'day', columns: 120 })).toBe(
      `         1       5         10        15        20        25        30\n2023-01  ${' '.repeat(4)}██${' '.repeat(54)}··   50.0 %  7 missing`,
    );
  });

  it.each([40, 60, 80, 200])('fits into %i columns', (columns) => {
    const days = Array.from({ length: 31 }, (_, day) =>
      period(`2023-01-${String(day + 1).padStart(2, '0')}`, 1_440, 0),
    );
    for (const line of coveragePicture(days, { by: 'day', columns }).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('names the months where there is room', () => {
    const [names = ''] = coveragePicture([period('2023-01-01', 1, 1)], { by: 'month', columns: 120 }).split('\n');
    expect(names).toBe('         Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec');
  });

  it('calls nothing complete that is not', () => {
    expect(coveragePicture([period('2023-01-01', 1_000_000, 999_999)], { by: 'month', columns: 80 })).toMatch(
      /99\.9 %  1 missing/,
    );
  });

  it('has a legend', () => {
    expect(pictureLegend).toBe('█ all  ▓ most  ▒ half  ░ few  · none');
  });
});
