import * as z from 'zod/mini';
import { KtrdrError } from '../base/index.ts';
import { operationSchema, operationStatuses, type Operation } from './operation.ts';

/** What the statements of the store answer with. A driver's rows have no prototype, so they are copied before. */
export const resultRow = z.object({ result_type: z.string(), result: z.instanceof(Uint8Array) });
export const countRow = z.object({ total: z.number() });
export const countsRow = z.object({ type: z.string(), status: z.enum(operationStatuses), count: z.number() });
export const checkpointRow = z.object({ checkpoint: z.string() });
export const placeRow = z.object({ created_at: z.number(), seq: z.number() });
export const changeRow = z.object({ id: z.string(), version: z.number() });
export const idRow = z.object({ id: z.string() });
export const ownerRow = z.object({ owner: z.number() });
export const reservedRow = z.object({ reserved: z.number() });
const recordRow = z.object({ id: z.string(), record: z.string() });

/** @throws KtrdrError `data_corrupt` for a record that cannot be read. */
export function toOperation(row: unknown): Operation {
  const { id, record } = recordRow.parse({ ...(row as object) });
  try {
    return operationSchema.parse(JSON.parse(record));
  } catch (cause) {
    throw new KtrdrError(
      'data_corrupt',
      `The record of operation "${id}" cannot be read; it may be of another version. Move operations.db away to start with empty records.`,
      { cause, details: { operation: id } },
    );
  }
}
