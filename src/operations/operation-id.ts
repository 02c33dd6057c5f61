import { sha256Of } from '../base/index.ts';

/** The id that a start with this key gets, each time it is sent: `op_copy_files_k1f2e…`. The key itself does not show. */
export function operationIdFor(type: string, idempotencyKey: string): string {
  const digest = sha256Of(`${type}\n${idempotencyKey}`);
  return `op_${type}_k${digest.slice(0, 32)}`;
}
