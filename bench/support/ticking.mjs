import { z } from 'zod';

/** Work that reports progress at an even pace. */
export const ticking = {
  type: 'tick',
  input: z.strictObject({ perSecond: z.number(), seconds: z.number() }),
  context: z.object({ reportedAt: z.number() }),
  result: z.object({ reports: z.number() }),
  begin: () => ({ reportedAt: 0 }),
  render: ({ done, total }) => `Ticking [${done}/${total}]`,
};

/** Epoch milliseconds with fractions, comparable between the processes of one machine. */
export const wallClock = () => performance.timeOrigin + performance.now();
