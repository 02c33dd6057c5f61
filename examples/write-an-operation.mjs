// An operation of your own: describe it once (the contract), write the work, start it, follow it, cancel it.
// Run it after `npm install`: node examples/write-an-operation.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../dist/async/index.js';
import { silentLogger } from '../dist/base/index.js';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../dist/operations/index.js';

const countPrimes = {
  type: 'count_primes',
  input: z.strictObject({ below: z.number().int().min(2) }),
  context: z.object({ found: z.number() }),
  result: z.object({ primes: z.number() }),
  begin: () => ({ found: 0 }),
  render: ({ done, total, context }) => `Counting primes: ${context.found} found [${done}/${total}]`,
};

// Work gets its input, already validated, and a context: look at the token, report numbers, return the result.
async function countingPrimes({ below }, { token, progress, clock }) {
  let found = 0;
  for (let candidate = 2; candidate < below; candidate += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate && isPrime; divisor += 1) isPrime = candidate % divisor !== 0;
    if (isPrime) found += 1;
    if (candidate % 1_000 === 0) {
      progress.report({ done: candidate, total: below, context: { found } });
      await clock.sleep(1, token); // Gives way to others; ends at once when cancelled.
    }
  }
  return { primes: found };
}

const directory = mkdtempSync(join(tmpdir(), 'ktrdr-example-'));
const store = OperationStore.open(directory);
const operations = new OperationsService(store, systemClock);
const orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger }).register(
  countPrimes,
  countingPrimes,
);

const { id, result } = orchestrator.start(countPrimes, { below: 20_000 });
for await (const { status, message } of operations.watch(id)) console.log(`${status}: ${message}`);
console.log('result:', await result);

const second = orchestrator.start(countPrimes, { below: 50_000_000 });
operations.cancel(second.id);
await second.result.catch((error) => console.log(`second one: ${error.code}`));
console.log('record:', operations.get(second.id).status);

await orchestrator[Symbol.asyncDispose]();
store[Symbol.dispose]();
rmSync(directory, { recursive: true });
