import { z } from 'zod';

/** A list in a query: the key is repeated, and a key that stands once is a list of one. */
export function oneOrMore<T extends z.ZodType>(
  item: T,
): z.ZodUnion<[z.ZodArray<T>, z.ZodPipe<T, z.ZodTransform<z.output<T>[], z.output<T>>>]> {
  return z.union([z.array(item), item.transform((only) => [only])]);
}
