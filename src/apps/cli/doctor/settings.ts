import type { SettingReport } from '../../../config/index.ts';
import type { Finding } from './finding.ts';

/** Whether all that is set can be taken, and was meant for this program. */
export function lookAtSettings({ faults, resolved, misspelt }: SettingReport): Finding {
  if (faults.length > 0) {
    const detail = faults.map(({ at, what }) => `${at} ${what}`).join('; ');
    return { status: 'fail', detail, advice: 'Correct it there. The checks below use the default instead.' };
  }
  if (misspelt.length > 0) {
    const detail = `nothing reads ${misspelt.map(({ variable }) => variable).join(', ')}`;
    const meant = misspelt.map((each) => `${each.variable} as ${each.meant}`).join(', ');
    return { status: 'warn', detail, advice: `Write ${meant}, or remove it.` };
  }
  const set = resolved.filter(({ layer }) => layer !== 'default').length;
  return {
    status: 'ok',
    detail: `${set === 0 ? 'all as they come' : `${set} set`}; see "ktrdr config list --show-origin"`,
  };
}
