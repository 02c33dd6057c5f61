// Durable operations: created, run, 100 progress updates, completed, with every change of state on disk before anybody
// hears of it.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openOperations } from './support/hosts.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msEach, msOf } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';

const updates = 100;
const operationsEach = sized(400, 10);
const countWork = {
  type: 'count_work',
  input: z.strictObject({ name: z.string() }),
  context: z.object({ step: z.number() }),
  result: z.object({ count: z.number() }),
  begin: () => ({ step: 0 }),
  render: ({ done, total }) => `Counting [${done}/${total}]`,
};

await withResources(async ({ open, directory }) => {
  const { orchestrator } = open(openOperations(join(directory, 'records')));
  orchestrator.register(countWork, async (_, { progress }) => {
    for (let done = 1; done <= updates; done += 1) progress.report({ done, total: updates, context: { step: done } });
    return { count: updates };
  });
  const act = () => orchestrator.start(countWork, { name: 'bench' }).result;

  const file = openSync(join(directory, 'probe'), 'w');
  const flush = () => {
    writeSync(file, 'one page or so '.repeat(300));
    fsyncSync(file);
  };
  const values = await interleaved(
    {
      alone: () => msEach(operationsEach, act),
      together: () => msEach(operationsEach, act, 50),
      flush: () => msOf(() => Array.from({ length: 100 }, flush)) / 100,
    },
    { rounds: 9, warmups: 2 },
  );
  closeSync(file);

  const rate = (list) => list.map((ms) => 1_000 / ms);
  const line = (what, list) => row({ what, ours: rate(list), format: formats.perSecond, limit: atLeast(1_000) });
  report({
    title: `Durable operations: created, ${updates} progress updates, completed`,
    rows: [
      line('one after the other', values.alone),
      line('50 at a time', values.together),
      row({ what: 'for comparison: one write of 4.5 kB and fsync', ours: values.flush, format: formats.us }),
    ],
  });
});
