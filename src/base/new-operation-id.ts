import { randomBytes } from 'node:crypto';

/** `op_{type}_{YYYYMMDD}_{HHMMSS}_{8 hex}`, for example `op_copy_files_20261005_160003_677c41e3`; the time is UTC. */
export function newOperationId(type: string, now: number): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  return `op_${type}_${date.replaceAll('-', '')}_${time.slice(0, 8).replaceAll(':', '')}_${randomBytes(4).toString('hex')}`;
}
