import { KtrdrError } from '../base/index.ts';
import { operationSchema, type Operation } from '../operations/index.ts';

/** The operation that an event carries. @throws KtrdrError `data_corrupt` when it carries none. */
export function operationOf(data: string): Operation {
  try {
    return operationSchema.parse(JSON.parse(data));
  } catch (cause) {
    throw new KtrdrError(
      'data_corrupt',
      'An event does not carry an operation; client and service may be of different versions.',
      { cause },
    );
  }
}
