import * as z from 'zod/mini';

/** A list in a query: the key is repeated, and a key that stands once is a list of one. */
export function oneOrMore<T extends z.core.$ZodType>(
  item: T,
): z.ZodMiniUnion<[z.ZodMiniArray<T>, z.ZodMiniPipe<T, z.ZodMiniTransform<z.output<T>[], z.output<T>>>]> {
  return z.union([
    z.array(item),
    z.pipe(
      item,
      z.transform((only: z.output<T>) => [only]),
    ),
  ]);
}
