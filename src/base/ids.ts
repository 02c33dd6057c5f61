import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';

/** Names chosen by a client. The alphabet keeps them safe in a URL, a log line and a file name. */
export const operationIdSchema = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$/,
      'an id has 1 to 120 letters, digits, "_", "-" or "." and starts with a letter or digit',
    ),
  );

/** `op_{type}_{YYYYMMDD}_{HHMMSS}_{8 hex}`, for example `op_copy_files_20261005_160003_677c41e3`; the time is UTC. */
export function newOperationId(type: string, now: number): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  return `op_${type}_${date.replaceAll('-', '')}_${time.slice(0, 8).replaceAll(':', '')}_${randomBytes(4).toString('hex')}`;
}
