import { systemClock } from '../../../async/index.ts';
import { reportProcessSettings, type Flags, type SettingReport } from '../../../config/index.ts';
import type { Check, Found } from '../doctor/finding.ts';
import { runChecks } from '../doctor/finding.ts';
import { colours, printJson, terminal } from '../terminal.ts';

/** Each look is to be done well before. */
const limitMs = 8_000;

/** So long may what is left to be written take after a look that does not end. */
const lastWordsMs = 200;

/** Looks at everything that ktrdr needs, and says what to do. @returns 0 when nothing fails, otherwise 1. */
export async function doctor(flags: Flags, { json = false }: { json?: boolean }): Promise<number> {
  const { found, gaveUp } = await runChecks(checksFor(await reportProcessSettings(flags)), limitMs);
  const ok = found.every(({ status }) => status !== 'fail');
  if (json) printJson('ktrdr.doctor/1', { ok, checks: found });
  else terminal.print(found.map(lineOf).join('\n'));
  const code = ok ? 0 : 1;
  // A call to a disk that does not answer cannot be taken back and would keep the process.
  if (gaveUp) systemClock.after(lastWordsMs, () => process.exit(code));
  return code;
}

/** What a look needs is loaded with it: where something is broken, only that look fails. */
function checksFor(report: SettingReport): Check[] {
  const { settings } = report;
  const machine = () => import('../doctor/machine.ts');
  const directories = () => import('../doctor/directories.ts');
  const services = () => import('../doctor/services.ts');
  const { ib, training } = settings;
  const checks: (Check | false)[] = [
    { name: 'node', look: async () => (await machine()).lookAtNode(process.version) },
    { name: 'database', look: async () => (await machine()).lookAtDatabase() },
    { name: 'clock', look: async () => (await machine()).lookAtClock(settings) },
    { name: 'settings', look: async () => (await import('../doctor/settings.ts')).lookAtSettings(report) },
    { name: 'home', look: async () => (await directories()).lookAtDirectory(settings.home) },
    settings.state !== settings.home && {
      name: 'state',
      look: async () => (await directories()).lookAtDirectory(settings.state),
    },
    { name: 'owner', look: async () => (await directories()).lookAtOwner(settings) },
    { name: 'token', look: async () => (await directories()).lookAtToken(settings) },
    { name: 'API', look: async (token) => (await services()).lookAtApi(settings, token) },
    ib.useHostService
      ? { name: 'IB host', look: async (token) => (await services()).lookAtHost(settings, 'ib', token) }
      : {
          name: 'gateway',
          look: async (token) => (await import('../doctor/gateway.ts')).lookAtGateway(settings, token),
        },
    training.useHostService
      ? { name: 'training host', look: async (token) => (await services()).lookAtHost(settings, 'training', token) }
      : {
          name: 'training',
          look: async () => (await import('../doctor/training.ts')).lookAtTraining(settings),
        },
  ];
  return checks.filter((check) => check !== false);
}

const marks = { ok: colours.green('ok  '), warn: colours.yellow('warn'), fail: colours.red('fail') };
const nameWidth = 13;

function lineOf({ status, name, detail, advice }: Found): string {
  const line = `${marks[status]}  ${name.padEnd(nameWidth)}  ${detail}`;
  return advice === undefined ? line : `${line}\n${' '.repeat(6 + nameWidth + 2)}${advice}`;
}
