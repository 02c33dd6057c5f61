import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { requireSpace } from './disk-space.ts';

it('what fits is let through; what does not is told with what is needed and what is free', async () => {
  await requireSpace(tmpdir(), 1000);
  await expect(requireSpace(tmpdir(), 2 ** 60)).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/[\d.]+ MiB are needed, [\d.]+ MiB are free.*nothing was changed/),
  });
});
