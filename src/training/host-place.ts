import { z } from 'zod';
import { cancelledError, type CancelReason } from '../async/index.ts';
import type { KtrdrError } from '../base/index.ts';

/**
 * What the record of a training on a host keeps: which operation of the host does the work, the address of the host,
 * whether the host has taken it, or may have, not having answered, and which operation here has kept that: one that goes
 * on from another has the place of that one at first.
 */
const placeSchema = z.object({
  hostOperation: z.string(),
  host: z.string(),
  isTaken: z.boolean().default(true),
  keptBy: z.string().optional(),
});

export type HostPlace = z.infer<typeof placeSchema>;

/** Undefined for a checkpoint of a training that runs, or ran, on no host. */
export function hostPlaceOf(checkpoint: unknown): HostPlace | undefined {
  return placeSchema.safeParse(checkpoint).data;
}

/** What a training ends with that was to be stopped at a host which the settings do not name any more. */
export function stoppedElsewhere({ hostOperation, host }: HostPlace, reason: CancelReason): KtrdrError {
  return cancelledError(reason, `operation "${hostOperation}" at ${host}, which is not asked any more`, {
    operation: hostOperation,
    host,
    unconfirmed: true,
  });
}
