import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const answerSchema = z.object({
  schema: z.literal('ktrdr.bench/1'),
  measures: z.array(
    z.object({ name: z.string(), median: z.number().positive(), worst: z.number().positive(), runs: z.number() }),
  ),
});

describe('ktrdr bench', () => {
  it('measures reading, calls, training and cancels, and leaves nothing behind', { timeout: 60_000 }, async () => {
    await using directory = await temporaryDirectory();
    const { code, stdout, stderr } = await ktrdr(['bench', '--json'], { TMPDIR: directory.path });
    expect(code, stderr).toBe(0);
    const { measures } = answerSchema.parse(JSON.parse(stdout));
    expect(measures.map(({ name }) => name.split(' ')[0])).toEqual(['read', 'ask', 'train:', 'stop']);
    expect(await readdir(directory.path)).toEqual([]);
  });
});
