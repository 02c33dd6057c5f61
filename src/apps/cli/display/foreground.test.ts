import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupsByPs, groupsInColumns, groupsInStat } from './foreground.ts';

const stat = `/proc/${process.pid}/stat`;
const hasBoth = existsSync(stat) && spawnSync('ps', ['-o', 'tpgid=', '-p', String(process.pid)]).status === 0;

describe('the process groups of a terminal', () => {
  it.each([
    ['at the front of its terminal', '  501   501\n', { group: 501, front: 501 }],
    ['in the background', '98211 98170\n', { group: 98_211, front: 98_170 }],
    ['without a terminal on macOS', '  734     0\n', { group: 734, front: 0 }],
    ['without a terminal on Linux', '    734      -1\n', { group: 734, front: -1 }],
  ])('are read from what ps prints of a process %s', (_, printed, groups) => {
    expect(groupsInColumns(printed)).toEqual(groups);
  });

  it('are read from /proc, whatever the program is called', () => {
    expect(groupsInStat('42 (a) S 1 (b) R 40 41 39 34816 77 4194304 1 2\n')).toEqual({ group: 41, front: 77 });
  });

  it.skipIf(!hasBoth)('are the same by ps and by /proc (skipped where one of them is missing)', async () => {
    expect(await groupsByPs(process.pid)).toEqual(groupsInStat(readFileSync(stat, 'utf8')));
  });
});
