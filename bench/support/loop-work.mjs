import { z } from 'zod';

/** Small work that loops in a thread: so many rounds, each a fraction of a millisecond long, with progress in every one. */
export const loopWork = {
  type: 'loop_work',
  input: z.strictObject({ rounds: z.number().int() }),
  context: z.object({}),
  result: z.object({ rounds: z.number() }),
  begin: () => ({}),
  render: ({ done, total }) => `Looping [${done}/${total}]`,
};
