import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../async/index.ts';
import { isTerminal, type Operation } from './operation.ts';
import { climb, Records, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

const slots = { oven: 2 };
const graceMs = 1_000;

/** One attempt under way, in this process or in one that is frozen. */
interface Run {
  readonly id: string;
  readonly attempt: number;
  complete(): void;
  fail(): void;
  report(): void;
  save(): void;
}

/** What every record ever looked like, checked as it is written down. */
class History {
  readonly accepted = new Set<string>();
  readonly starts = new Map<string, number[]>();
  readonly #last = new Map<string, Operation>();

  look(orchestrator: ServiceOrchestrator): void {
    for (const operation of orchestrator.operations.list({ limit: 1_000 }).operations) {
      const before = this.#last.get(operation.id);
      this.#last.set(operation.id, operation);
      if (before === undefined) continue;
      if (isTerminal(before.status)) expect(operation, 'an end is final').toEqual(before);
      expect(operation.version, 'versions rise').toBeGreaterThanOrEqual(before.version);
      if (operation.version === before.version) expect(operation, 'one version is one state').toEqual(before);
      expect(operation.attempt).toBeGreaterThanOrEqual(before.attempt);
      if (operation.attempt === before.attempt && before.status === 'running' && !isTerminal(operation.status))
        expect(operation.progress.fraction, 'no step back').toBeGreaterThanOrEqual(before.progress.fraction);
    }
    const versions = [...this.#last.values()].map(({ version }) => version);
    expect(new Set(versions).size, 'no two operations share a version').toBe(versions.length);
  }

  check(): void {
    expect(new Set(this.#last.keys()), 'every accepted start, and nothing else').toEqual(this.accepted);
    for (const { id, status, attempt, attempts, cancellation } of this.#last.values()) {
      expect(isTerminal(status), `${id} is ${status}`).toBe(true);
      const numbers = attempts.map(({ number }) => number);
      expect(numbers, 'attempts in order, none twice').toEqual(numbers.map((_, index) => index + 1));
      expect(attempt - numbers.length, 'only one that never began is not listed').toBeLessThanOrEqual(1);
      const begun = this.starts.get(id) ?? [];
      expect(begun, 'no attempt begins twice').toEqual([...new Set(begun)].toSorted((a, b) => a - b));
      expect(begun, 'what began is listed').toEqual(numbers);
      if (status === 'cancelled')
        expect(cancellation?.stoppedAt).toBeGreaterThanOrEqual(cancellation?.requestedAt ?? 0);
    }
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('start' as const), priority: fc.integer({ min: -1, max: 1 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('complete', 'fail', 'report', 'save', 'cancel', 'repeat', 'resume'),
      pick: fc.nat(50),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shutdown' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
);

it('whatever happens, each accepted start ends exactly once and no slot is lost', async () => {
  const policies = fc.constantFrom('auto', 'manual', 'never');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), policies, fc.boolean(), async (steps, resume, isDeaf) => {
      const clock = new ManualClock(1_000_000);
      const records = new Records(clock);
      await using _ = {
        async [Symbol.asyncDispose]() {
          const closing = records[Symbol.asyncDispose]();
          clock.advance(graceMs);
          await closing;
        },
      };
      const contract = { ...climb, resume };
      const history = new History();
      const runs: Run[] = [];
      const work: ClimbWork = ({ steps: reached }, { id, attempt, token, progress, checkpoint }) =>
        new Promise((resolve, reject) => {
          history.starts.set(id, [...(history.starts.get(id) ?? []), attempt]);
          let done = 0;
          runs.push({
            id,
            attempt,
            complete: () => resolve({ reached }),
            fail: () => reject(new Error('slipped')),
            report: () => progress.report({ done: (done += 1), total: 50, context: { step: done } }),
            save: () => checkpoint.save({ done }),
          });
          if (!isDeaf) token.onCancelled(() => reject(token.signal.reason));
        });
      const open = (): ServiceOrchestrator =>
        records.open({ slots, graceMs }).register(contract, work, { resource: 'oven' });
      const settle = async (): Promise<void> => {
        for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        history.look(orchestrator);
      };
      const ids = (): string[] => [...history.accepted];

      let orchestrator = open();
      for (const [number, action] of steps.entries()) {
        if (action.kind === 'start') {
          const { id } = orchestrator.start(contract, { steps: 1 }, { id: `op-${number}`, priority: action.priority });
          history.accepted.add(id);
        } else if (action.kind === 'crash') {
          orchestrator = open();
          orchestrator.recover();
        } else if (action.kind === 'shutdown') {
          const closing = orchestrator[Symbol.asyncDispose]();
          clock.advance(graceMs);
          await closing;
          history.look(orchestrator);
          orchestrator = open();
          orchestrator.recover();
        } else if (action.kind === 'wait') {
          clock.advance(action.ms);
        } else {
          const run = runs[action.pick % Math.max(1, runs.length)];
          const id = ids()[action.pick % Math.max(1, history.accepted.size)];
          if (action.kind === 'cancel') {
            if (id !== undefined) orchestrator.operations.cancel(id);
          } else if (action.kind === 'repeat') {
            if (id !== undefined) orchestrator.start(contract, { steps: 1 }, { id });
          } else if (action.kind === 'resume') {
            try {
              if (id !== undefined) history.accepted.add(orchestrator.resume(id, { id: `r-${number}` }).id);
            } catch (refused) {
              expect(refused).toMatchObject({ code: resume === 'never' ? expect.anything() : 'conflict' });
            }
          } else run?.[action.kind]();
        }
        await settle();
      }
      for (let round = 0; orchestrator.operations.live.length > 0; round += 1) {
        expect(round, 'everything comes to an end').toBeLessThan(200);
        clock.advance(70_000);
        await settle();
        for (const run of runs) run.complete();
        await settle();
      }
      history.check();
      expect(orchestrator.resources).toEqual({ oven: { slots: 2, holding: 0, waiting: 0 } });
    }),
    { numRuns: 60 },
  );
});
