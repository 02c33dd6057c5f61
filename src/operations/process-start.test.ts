import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processStart, startByPs } from './process-start.ts';

describe('processStart()', () => {
  it('says the same of a process each time, and something else of another one', async () => {
    const own = processStart(process.pid);
    expect(own).toMatch(/\d/);
    expect(processStart(process.pid)).toBe(own);
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(other, 'spawn');
    const { pid = 0 } = other;
    expect(processStart(pid)).toMatch(/\d/);
    if (process.platform === 'linux') expect(Number(processStart(pid))).toBeGreaterThan(Number(own));
    other.stdin.end();
    await once(other, 'exit');
    expect(processStart(pid)).toBeUndefined();
  });
});

describe('startByPs()', () => {
  const hasPs = spawnSync('ps', ['-o', 'lstart=', '-p', String(process.pid)]).status === 0;

  it.skipIf(!hasPs)(
    'tells date and time of a process, and nothing of one that is not there (skipped without ps)',
    () => {
      expect(Math.abs(Date.parse(`${startByPs(process.pid)} UTC`) - performance.timeOrigin)).toBeLessThan(30_000);
      expect(() => startByPs(2 ** 22 + 1)).toThrow();
    },
  );
});
