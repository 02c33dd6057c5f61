import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { CancellationSource, CancellationToken } from './cancellation.ts';

describe('CancellationSource', () => {
  it('cancels its token once and keeps the first reason', () => {
    using source = new CancellationSource();
    let calls = 0;
    source.token.onCancelled(() => (calls += 1));
    expect(source.token.isCancelled).toBe(false);
    source.cancel('timeout');
    source.cancel('user');
    expect(source.token.isCancelled).toBe(true);
    expect(source.token.reason).toBe('timeout');
    expect(calls).toBe(1);
  });

  it('follows its parents, of either kind, and one that is cancelled already', () => {
    using parent = new CancellationSource();
    const controller = new AbortController();
    using ofToken = new CancellationSource(parent.token);
    using ofSignal = new CancellationSource(controller.signal);
    parent.cancel('shutdown');
    controller.abort();
    using late = new CancellationSource(parent.token);
    expect(ofToken.token.reason).toBe('shutdown');
    expect(ofSignal.token.reason).toBe('user');
    expect(late.token.reason).toBe('shutdown');
  });

  it('is unlinked, not cancelled, when disposed', () => {
    using parent = new CancellationSource();
    const child = new CancellationSource(parent.token);
    child[Symbol.dispose]();
    parent.cancel();
    expect(child.token.isCancelled).toBe(false);
  });

  it('links a thousand children without a warning and lets them go', () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    using parent = new CancellationSource();
    const children = Array.from({ length: 1_000 }, () => new CancellationSource(parent.token));
    parent.cancel();
    expect(children.every(({ token }) => token.isCancelled)).toBe(true);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('CancellationToken', () => {
  it('throws again at every look once cancelled', () => {
    using source = new CancellationSource();
    source.token.throwIfCancelled('reading');
    source.cancel();
    for (let look = 0; look < 2; look += 1) {
      expect(() => source.token.throwIfCancelled('reading')).toThrow(
        expect.objectContaining({ code: 'cancelled', message: 'Cancelled at the request of the user during reading.' }),
      );
    }
  });

  it('aborts its signal with the error that the work ends with', () => {
    using source = new CancellationSource();
    const { signal } = source.token;
    source.cancel('timeout');
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(KtrdrError);
  });

  it('stops telling a listener that was disposed', () => {
    using source = new CancellationSource();
    let heard = false;
    source.token.onCancelled(() => (heard = true))[Symbol.dispose]();
    source.cancel();
    expect(heard).toBe(false);
  });

  it('stops telling a listener that another one disposed while they are told', () => {
    using source = new CancellationSource();
    const heard: string[] = [];
    source.token.onCancelled(() => {
      heard.push('first');
      second[Symbol.dispose]();
    });
    const second = source.token.onCancelled(() => heard.push('second'));
    source.cancel();
    expect(heard).toEqual(['first']);
  });

  it('tells every listener, also when one of them throws', () => {
    using source = new CancellationSource();
    let heard = false;
    source.token.onCancelled(() => {
      throw new Error('a listener broke');
    });
    source.token.onCancelled(() => (heard = true));
    expect(() => source.cancel()).toThrow('a listener broke');
    expect(heard).toBe(true);
  });

  it('can never be cancelled when it is none', () => {
    expect(CancellationToken.none.isCancelled).toBe(false);
    expect(CancellationToken.none.signal.aborted).toBe(false);
  });

  it('is seen by a thread that never returns to its event loop', async () => {
    using source = new CancellationSource();
    const spin = `
      const { parentPort, workerData } = require('node:worker_threads');
      parentPort.postMessage('spinning');
      while (Atomics.load(workerData, 0) === 0);
      parentPort.postMessage('stopped');`;
    const worker = new Worker(spin, { eval: true, workerData: source.token.shared });
    const messages: unknown[] = [];
    await new Promise<void>((resolve) => {
      worker.on('message', (message) => {
        messages.push(message);
        if (message === 'spinning') source.cancel();
        else resolve();
      });
    });
    await worker.terminate();
    expect(messages).toEqual(['spinning', 'stopped']);
  });

  it('made from a shared word hears the cancel while its event loop is idle', async () => {
    using source = new CancellationSource();
    const twin = CancellationToken.fromShared(source.token.shared);
    const heard = new Promise<void>((resolve) => void twin.onCancelled(resolve));
    source.cancel('shutdown');
    await heard;
    expect(twin.reason).toBe('shutdown');
    expect(twin.signal.aborted).toBe(true);
  });
});
