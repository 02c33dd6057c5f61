import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import { loadBars } from '../../src/data/index.ts';
import { KtrdrProcess, temporaryDirectory } from '../support/ktrdr-process.ts';
import { History } from './history.ts';
import { timeoutFor } from './scale.ts';
import { diskOf, stateOf, System } from './system.ts';

const { none: token } = CancellationToken;
const load = { symbol: 'AAPL', timeframe: '1h', mode: 'full', start: Date.UTC(2023, 0), end: Date.UTC(2024, 0) };

describe('two servers on one home', () => {
  it('let the first go on, and the second say so and end', timeoutFor(60_000), async () => {
    await using home = await temporaryDirectory();
    await using system = await System.start({ home: home.path, latencyMs: 100 });
    const history = new History();
    const at = { client: system.api, history, reader: 'follower' };
    history.started(await system.api.start({ type: loadBars.type, input: load, id: 'load' }, token));
    await stateOf('load', at, ({ progress }) => progress.done > 0);

    const second = [
      ['up', '--port', '0'],
      ['host', 'ib', '--port', '0'],
      ['host', 'training', '--port', '0'],
    ].map(async (args) => {
      const process = new KtrdrProcess([...args, '--home', home.path], { KTRDR_LOG_LEVEL: 'error' });
      expect(await process.exit, process.stdout).toBe(4);
      expect(process.stderr).toMatch(/in use by another ktrdr process \(process \d+, since .+ at http:/);
    });
    await Promise.all(second);

    expect(await stateOf('load', at)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await system.api.result(loadBars, 'load', token)).toMatchObject({ coverage: { missing: 0 } });
    await system.stop();
    using disk = diskOf(home.path);
    expect(history.violations(disk)).toEqual([]);
    expect(await readFile(join(home.path, 'owner.pid'), 'utf8')).toMatch(/^\d+\n/);
  });
});
