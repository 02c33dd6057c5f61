import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../src/async/index.ts';
import { silentLogger } from '../src/base/index.ts';
import {
  isTerminal,
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type Operation,
  type OperationContract,
} from '../src/operations/index.ts';

const kills = 12;
const program = fileURLToPath(new URL('./fixtures/operations-process.mjs', import.meta.url));

const event = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), id: z.string() }),
  z.object({ kind: z.literal('began'), id: z.string(), attempt: z.number(), reached: z.number() }),
  z.object({ kind: z.literal('saved'), id: z.string(), reached: z.number() }),
  z.object({ kind: z.literal('ended'), id: z.string(), status: z.string() }),
]);
type Event = z.infer<typeof event>;

/** Lets the process run until so many milliseconds after its first sign of life, then kills it. What it said counts. */
async function runAndKill(
  directory: string,
  { starts, afterMs }: { starts: number; afterMs: number },
): Promise<Event[]> {
  const child = spawn(process.execPath, [program, directory, String(starts)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events: Event[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (line.endsWith('}')) events.push(event.parse(JSON.parse(line)));
  });
  const closed = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  await Promise.race([once(lines, 'line'), closed]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await closed;
  return events;
}

it(`keeps what it promised through ${kills} kills of its process`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = mulberry32(seed);
  const inRun = `with seed ${seed}`;
  const directory = await mkdtemp(join(tmpdir(), 'ktrdr-kill-'));
  const accepted = new Set<string>();
  const saved = new Map<string, number>();
  const attempts = new Map<string, number>();
  const ends = new Map<string, Operation>();
  let begun = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const starts = kill % 3 === 0 ? 5 : 1;
      const events = await runAndKill(directory, { starts, afterMs: random() * 250 });
      for (const said of events) {
        if (said.kind === 'accepted') accepted.add(said.id);
        if (said.kind === 'saved') saved.set(said.id, said.reached);
        if (said.kind === 'began') {
          begun += 1;
          expect(said.reached, `begins no earlier than what was saved, ${inRun}`).toBeGreaterThanOrEqual(
            saved.get(said.id) ?? 0,
          );
          expect(said.attempt, `a new attempt each time, ${inRun}`).toBeGreaterThan(attempts.get(said.id) ?? 0);
          attempts.set(said.id, said.attempt);
        }
      }
      const store = OperationStore.open(directory);
      const { operations } = store.list({ limit: 1_000 });
      store[Symbol.dispose]();
      const known = new Map(operations.map((operation) => [operation.id, operation]));
      for (const id of accepted) expect(known.has(id), `${id} was accepted, ${inRun}`).toBe(true);
      for (const [id, end] of ends) expect(known.get(id), `an end is final, ${inRun}`).toEqual(end);
      for (const said of events) if (said.kind === 'ended') expect(known.get(said.id)?.status, inRun).toBe(said.status);
      for (const operation of operations) if (isTerminal(operation.status)) ends.set(operation.id, operation);
    }
    expect(begun, `most of what was accepted did run, ${inRun}`).toBeGreaterThan(accepted.size * 0.95);

    const last = await finish(directory);
    for (const operation of last) {
      const isExplained = operation.status === 'completed' || operation.error?.code === 'interrupted';
      expect(isExplained, `${operation.id} is ${operation.status}, ${inRun}`).toBe(true);
      const numbers = operation.attempts.map(({ number }) => number);
      expect(numbers, inRun).toEqual(numbers.map((_, index) => index + 1));
    }
    expect(last.some(({ status }) => status === 'completed')).toBe(true);
    const versions = last.map(({ version }) => version);
    expect(new Set(versions).size, inRun).toBe(versions.length);
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Recovers in this process and lets everything come to its end. */
async function finish(directory: string): Promise<Operation[]> {
  const contract: OperationContract<{ to: number }, object, { reached: number }> = {
    type: 'count_up',
    input: z.object({ to: z.number() }),
    context: z.object({}),
    result: z.object({ reached: z.number() }),
    begin: () => ({}),
    render: () => '',
    resume: 'auto',
  };
  const store = OperationStore.open(directory);
  // Pauses between quick deaths are for real time; here they pass at once.
  const clock = { ...systemClock, sleep: async () => {} };
  const operations = new OperationsService(store, clock);
  await using orchestrator = new ServiceOrchestrator({ operations, clock, log: silentLogger });
  orchestrator.register(contract, async ({ to }) => ({ reached: to })).recover();
  await expect.poll(() => operations.live.length, { timeout: 5_000 }).toBe(0);
  const { operations: all } = operations.list({ limit: 1_000 });
  store[Symbol.dispose]();
  return all;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
