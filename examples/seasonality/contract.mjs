// What the work is: pure data, shared by whoever starts it, runs it and shows it.
import { z } from 'zod';

export const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];

export const measureSeasonality = {
  type: 'measure_seasonality',
  input: z.strictObject({ symbol: z.string().min(1) }),
  context: z.object({ symbol: z.string() }),
  result: z.array(z.object({ weekday: z.enum(weekdays), days: z.number(), meanReturn: z.number() })),
  begin: ({ symbol }) => ({ symbol }),
  render: ({ context, done, total }) => `Measuring the seasonality of ${context.symbol} [${done}/${total}]`,
  resume: 'auto',
};
