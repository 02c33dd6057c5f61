import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineEndpoint, pathOf, type EndpointInput, type EndpointOutput, type EndpointRequest } from './endpoint.ts';
import { oneOrMore } from './one-or-more.ts';

const find = defineEndpoint({
  method: 'GET',
  path: '/shelves/{shelf}/books/{book}',
  summary: 'Find a book',
  params: z.object({ shelf: z.coerce.number<number>(), book: z.string() }),
  query: z.object({ tag: z.optional(oneOrMore(z.string())), limit: z.coerce.number<number>().default(10) }),
  response: z.object({ title: z.string() }),
});

describe('an endpoint', () => {
  it('types what goes in and what comes out', () => {
    expectTypeOf<{ params: { shelf: number; book: string } }>().toExtend<EndpointInput<typeof find>>();
    expectTypeOf<EndpointRequest<typeof find>['query']['limit']>().toEqualTypeOf<number>();
    expectTypeOf<EndpointOutput<typeof find>>().toEqualTypeOf<{ title: string }>();
    expectTypeOf<EndpointInput<typeof find>['query']>().extract<undefined>().toEqualTypeOf<undefined>();
    // @ts-expect-error the path needs its params
    const missing: EndpointInput<typeof find> = {};
    expect(missing).toEqual({});
  });

  it('refuses params that are not those of its path', () => {
    const { params: _, ...rest } = find;
    expect(() => defineEndpoint(rest)).toThrow('declares the params [], its path has [shelf, book]');
  });

  it('repeats a query key for each item and leaves out what is absent', () => {
    const params = { shelf: 3, book: 'x' };
    expect(pathOf(find, { params, query: { tag: ['a', 'b&c'], limit: undefined } })).toBe(
      '/shelves/3/books/x?tag=a&tag=b%26c',
    );
    expect(pathOf(find, { params })).toBe('/shelves/3/books/x');
  });

  it('keeps every text within its segment of the path', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((book) => book !== '.' && book !== '..');
    fc.assert(
      fc.property(text, (book) => {
        const { pathname } = new URL(`http://host${pathOf(find, { params: { shelf: 1, book } })}`);
        expect(pathname.split('/').slice(0, -1)).toEqual(['', 'shelves', '1', 'books']);
        expect(decodeURIComponent(pathname.split('/').at(-1) ?? '')).toBe(book);
      }),
    );
  });

  it.each(['', '.', '..'])('refuses "%s" as a segment, which a URL would swallow', (book) => {
    expect(() => pathOf(find, { params: { shelf: 1, book } })).toThrow('cannot be the book of GET /shelves');
  });
});
