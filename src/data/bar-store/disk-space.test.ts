import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';
import { requireSpace } from './disk-space.ts';

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return { ...real, statfs: vi.fn(real.statfs) };
});

it('what fits is let through; what does not is told with what is needed and what is free', async () => {
  await requireSpace(tmpdir(), 1000);
  await expect(requireSpace(tmpdir(), 2 ** 60)).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/[\d.]+ MiB are needed, [\d.]+ MiB are free.*nothing was changed/),
  });
});

it('where the system does not tell how much is free, the write itself has to find out', async () => {
  vi.mocked(statfs).mockRejectedValueOnce(Object.assign(new Error('function not implemented'), { code: 'ENOSYS' }));
  await requireSpace(tmpdir(), 2 ** 60);
  vi.mocked(statfs).mockResolvedValueOnce(Object.assign(await statfs(tmpdir()), { blocks: 0, bavail: 0 }));
  await requireSpace(tmpdir(), 2 ** 60);
  vi.mocked(statfs).mockRejectedValueOnce(new TypeError('a mistake of ours'));
  await expect(requireSpace(tmpdir(), 1000)).rejects.toThrow('a mistake of ours');
});
