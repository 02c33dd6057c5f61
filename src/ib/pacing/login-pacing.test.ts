import { describe, expect, it } from 'vitest';
import { CancellationToken, ManualClock } from '../../async/index.ts';
import { LoginPacing } from './login-pacing.ts';
import { defaultPacingLimits, type PacedRequest } from './pacing.ts';

const head: PacedRequest = { kind: 'small', key: 'head AAPL', instrument: 'AAPL', weight: 1 };

describe('LoginPacing', () => {
  it('has one budget for each login, whichever session asks', async () => {
    const pacing = new LoginPacing({ limits: defaultPacingLimits, clock: new ManualClock() });
    const send = (): Promise<void> => Promise.resolve();
    expect(pacing.current.budget.small).toBe(58);
    await pacing.of({ login: 'accounts DU1' }).run(head, send, { token: CancellationToken.none });
    expect(pacing.current.budget.small).toBe(57);
    expect(pacing.of({ login: 'accounts DU2' }).budget.small).toBe(58);
    expect(pacing.of({ login: 'accounts DU1' }).budget.small).toBe(57);
  });
});
