import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { Operation, OperationStatus } from '../../operations/index.ts';
import { ChildrenLines } from './children-lines.ts';

function child(name: string, status: OperationStatus, fraction: number): Operation {
  return {
    id: `whole.${name}`,
    parent: 'whole',
    type: 'load_bars',
    status,
    input: {},
    progress: { phase: '', done: 0, total: 0, fraction, context: {}, startedAt: 0, updatedAt: 0 },
    message: `Loading ${name}`,
    createdAt: 0,
    attempt: 1,
    attempts: [],
    priority: 0,
    version: 1,
  };
}

/** The lines that a terminal of some rows shows, or all lines of a stream that is none. */
function shownOn({ isTTY, rows = 24 }: { isTTY: boolean; rows?: number }) {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  const screen = (): string[] => {
    const lines: string[] = [];
    // oxlint-disable-next-line no-control-regex -- the escape character is what moves the cursor
    for (const piece of text.split(/(?=\x1B\[\d+A)/)) {
      // oxlint-disable-next-line no-control-regex -- as above
      lines.length -= Number(/^\x1B\[(\d+)A/.exec(piece)?.[1] ?? 0);
      lines.push(...stripVTControlCharacters(piece).replaceAll('\r', '').split('\n').slice(0, -1));
    }
    return lines;
  };
  const newestFirst: Operation[] = [];
  const client = { list: async () => ({ operations: newestFirst, total: newestFirst.length }) };
  const output = Object.assign(stream, {
    isTTY,
    columns: 60,
    rows,
    hasColors: () => true,
  }) as unknown as NodeJS.WriteStream;
  return { lines: new ChildrenLines({ client, id: 'whole', stream: output }), screen, newestFirst };
}

const whole = { message: 'Loading all', fraction: 0.5 };
const bar = (filled: number): string => '\u2501'.repeat(filled) + '\u2500'.repeat(24 - filled);

describe('ChildrenLines', () => {
  it('draws a line for each child in the order of their start, and the whole below', async () => {
    const { lines, screen, newestFirst } = shownOn({ isTTY: true });
    newestFirst.push(child('2', 'running', 0.25), child('1', 'running', 0.5));
    lines.show(whole);
    expect(screen()).toEqual([`${bar(12)} 50% Loading all`]);
    await vi.waitFor(() => expect(screen()).toHaveLength(3));
    expect(screen()).toEqual([`${bar(12)} 50% Loading 1`, `${bar(6)} 25% Loading 2`, `${bar(12)} 50% Loading all`]);
    newestFirst.splice(0, 2, child('2', 'failed', 0.25), child('1', 'completed', 1));
    await lines.end('done');
    expect(screen()).toEqual(['\u2713 Loading 1', '\u2717 Loading 2: failed', 'done']);
    lines.show(whole);
    await new Promise((resolve) => setImmediate(resolve));
    expect(screen()).toHaveLength(3);
  });

  it('shows a child that was tried again once', async () => {
    const { lines, screen, newestFirst } = shownOn({ isTTY: true });
    newestFirst.push(child('1.2', 'completed', 1), child('2', 'completed', 1), child('1', 'failed', 0));
    await lines.end('done');
    expect(screen()).toEqual(['\u2713 Loading 1.2', '\u2713 Loading 2', 'done']);
  });

  it('shows what moves where there is not room for all', async () => {
    const { lines, screen, newestFirst } = shownOn({ isTTY: true, rows: 5 });
    for (let name = 9; name > 0; name -= 1) newestFirst.push(child(`${name}`, name < 6 ? 'completed' : 'running', 0));
    lines.show(whole);
    await vi.waitFor(() => expect(screen()).toHaveLength(4));
    expect(screen().map((line) => line.slice(29))).toEqual(['Loading 6', 'Loading 7', 'Loading 8', 'Loading all']);
  });

  it('writes plain lines where nothing can be drawn over', async () => {
    const { lines, screen, newestFirst } = shownOn({ isTTY: false });
    newestFirst.push(child('1', 'running', 0.5));
    lines.show(whole);
    await vi.waitFor(() => expect(screen()).toEqual(['Loading 1']));
    lines.show(whole);
    newestFirst[0] = child('1', 'completed', 1);
    await lines.end('done');
    expect(screen()).toEqual(['Loading 1', '\u2713 Loading 1', 'done']);
  });
});
