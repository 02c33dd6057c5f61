import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { systemClock, type Clock } from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import type { OperationContract, OperationWork } from './contract.ts';
import type { Operation } from './operation.ts';
import { OperationStore } from './operation-store.ts';
import { OperationsService } from './operations-service.ts';
import { ServiceOrchestrator } from './service-orchestrator.ts';

export interface ClimbInput {
  steps: number;
}
export interface ClimbContext {
  step: number;
}
export interface ClimbResult {
  reached: number;
}
export type ClimbWork = OperationWork<ClimbInput, ClimbContext, ClimbResult>;

export const climb: OperationContract<ClimbInput, ClimbContext, ClimbResult> = {
  type: 'climb',
  input: z.strictObject({ steps: z._default(z.int().check(z.positive()), 3) }),
  context: z.object({ step: z.number() }),
  result: z.object({ reached: z.number() }),
  begin: () => ({ step: 0 }),
  render: ({ context }) => `Climbing, step ${context.step}`,
};

/** Goes on until it is told to stop. */
export const waiting: ClimbWork = async (_, { token, clock }) => {
  await clock.sleep(60_000, token);
  return { reached: 0 };
};

/** Work whose runs a test ends one by one, by the id of their operation. */
export class ByHand {
  readonly started: string[] = [];
  readonly #ends = new Map<string, () => void>();

  readonly work: ClimbWork = ({ steps }, { id, token }) =>
    new Promise((resolve, reject) => {
      this.started.push(id);
      this.#ends.set(id, () => resolve({ reached: steps }));
      token.onCancelled(() => {
        try {
          token.throwIfCancelled();
        } catch (cancelled) {
          reject(cancelled);
        }
      });
    });

  finish(id: string): void {
    this.#ends.get(id)?.();
  }
}

type Options = Partial<Omit<ConstructorParameters<typeof ServiceOrchestrator>[0], 'operations'>>;

/** Records in a directory of their own, and the orchestrators over them, one after the other as after restarts. */
export class Records implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'ktrdr-operations-'));
  store = OperationStore.open(this.directory);
  readonly #clock: Clock;
  readonly #orchestrators: ServiceOrchestrator[] = [];

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A fresh start over the same records. What an earlier one runs lives on, as that of a process that was frozen does. */
  open(options: Options = {}): ServiceOrchestrator {
    const operations = new OperationsService(this.store, this.#clock);
    const orchestrator = new ServiceOrchestrator({ operations, clock: this.#clock, log: silentLogger, ...options });
    this.#orchestrators.push(orchestrator);
    return orchestrator;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#orchestrators.map((orchestrator) => orchestrator[Symbol.asyncDispose]()));
    this.store[Symbol.dispose]();
    rmSync(this.directory, { recursive: true });
  }
}

/** A record as a store has it. */
export function operation(id: string, change: Partial<Operation> = {}): Operation {
  return {
    id,
    type: 'climb',
    status: 'running',
    input: {},
    progress: { phase: '', done: 0, total: 0, fraction: 0, context: {}, startedAt: 0, updatedAt: 0 },
    message: '',
    createdAt: 0,
    startedAt: 0,
    attempt: 1,
    attempts: [],
    priority: 0,
    version: 1,
    ...change,
  };
}
