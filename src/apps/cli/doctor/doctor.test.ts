import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lookAtDirectory } from './directories.ts';
import { runChecks } from './finding.ts';
import { oldestNode } from '../oldest-node.ts';
import { lookAtClock, lookAtNode } from './machine.ts';
import { lookAtTraining } from './training.ts';

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'doctor-'))));
afterEach(() => rmSync(home, { recursive: true }));

describe('runChecks()', () => {
  it('gives every look the same short time, and waits for none longer', async () => {
    const begun = performance.now();
    const cancelled: string[] = [];
    const { found, gaveUp } = await runChecks(
      [
        { name: 'quick', look: () => ({ status: 'ok', detail: 'fine' }) },
        { name: 'deaf', look: () => new Promise(() => {}) },
        {
          name: 'polite',
          look: (token) =>
            new Promise((_, reject) => {
              token.onCancelled(() => {
                cancelled.push(token.reason ?? '');
                reject(new Error('late'));
              });
            }),
        },
        { name: 'broken', look: () => Promise.reject(new Error('no such thing')) },
      ],
      100,
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(gaveUp).toBe(true);
    expect(cancelled).toEqual(['timeout']);
    expect(found.map(({ name, status, detail }) => `${name} ${status} ${detail}`)).toEqual([
      'quick ok fine',
      'deaf fail could not be determined within 0.1 s',
      expect.stringMatching(/^polite fail (late|could not be determined within 0.1 s)$/),
      'broken fail no such thing',
    ]);
    expect(await runChecks([{ name: 'quick', look: () => ({ status: 'ok', detail: '' }) }], 100)).toMatchObject({
      gaveUp: false,
    });
  });
});

describe('lookAtNode()', () => {
  it('asks for what the package asks for', () => {
    const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
    const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(JSON.parse(text));
    expect(`${engines.node}.0`).toBe(`>=${oldestNode}`);
  });

  it.each([
    ['v20.19.0', 'ok'],
    ['v20.18.9', 'fail'],
    ['v18.99.0', 'fail'],
    ['v24.0.0', 'ok'],
    ['v20.20.1', 'ok'],
  ])('takes %s as %s', (version, status) => {
    expect(lookAtNode(version).status).toBe(status);
  });
});

describe('lookAtClock()', () => {
  it('finds a clock that is behind what was written', async () => {
    const now = Date.UTC(2027, 0, 1);
    expect((await lookAtClock({ home }, now)).status).toBe('ok');
    expect((await lookAtClock({ home }, Date.UTC(1970, 0, 1))).status).toBe('fail');
    writeFileSync(join(home, 'owner.pid'), '1\n');
    utimesSync(join(home, 'owner.pid'), now / 1_000 + 3_600, now / 1_000 + 3_600);
    expect(await lookAtClock({ home }, now)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('2027-01-01T01:00:00.000Z') as string,
    });
    expect((await lookAtClock({ home }, now + 3_600_000)).status).toBe('ok');
  });
});

describe('lookAtDirectory()', () => {
  it('finds what can be written to, what can be made, and what cannot', async () => {
    expect((await lookAtDirectory(home)).status).not.toBe('fail');
    expect(await lookAtDirectory(join(home, 'a', 'b'))).toMatchObject({
      detail: expect.stringContaining('to be made at the first start') as string,
    });
    const file = join(home, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')])
      expect(await lookAtDirectory(path)).toMatchObject({ status: 'fail', advice: expect.any(String) as string });
  });
});

describe('lookAtTraining()', () => {
  it.each(['auto', 'wasm', 'plain'] as const)('trains a step with %s', (backend) => {
    const training = { useHostService: false, hostServiceUrl: '', bars: 'store', backend, memoryMb: 4_096 } as const;
    const pool = { connections: 1, timeoutMs: 1, keepAliveMs: 1 };
    expect(lookAtTraining({ training: { ...training, pool }, home: '/nowhere' })).toMatchObject({ status: 'ok' });
  });

  it('says how to install the library of the native backend', () => {
    const training = {
      useHostService: false,
      hostServiceUrl: '',
      bars: 'store',
      backend: 'native',
      memoryMb: 64,
    } as const;
    const pool = { connections: 1, timeoutMs: 1, keepAliveMs: 1 };
    expect(lookAtTraining({ training: { ...training, pool }, home: '/nowhere' })).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('--ignore-scripts onnxruntime-node'),
    });
  });
});
