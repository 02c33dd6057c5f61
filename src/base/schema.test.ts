import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KtrdrError } from './errors.ts';
import { parse } from './schema.ts';

const schema = z.strictObject({
  symbol: z.string().trim().min(1).max(8),
  mode: z.enum(['tail', 'backfill']),
  seed: z.number().int().min(0).exactOptional(),
  limit: z.coerce.number().int().max(10).exactOptional(),
  days: z.array(z.iso.date()).min(1).exactOptional(),
  span: z.union([z.literal('all'), z.strictObject({ from: z.number() })]).exactOptional(),
  code: z
    .string()
    .regex(/^[a-z]$/, 'a code is one small letter')
    .exactOptional(),
});
const right = { symbol: 'AAPL', mode: 'tail' };

function refusalOf(value: unknown): KtrdrError {
  try {
    parse(schema, value, 'The input');
  } catch (thrown) {
    return KtrdrError.from(thrown);
  }
  throw new Error('it was taken');
}

describe('parse()', () => {
  it('gives what the schema makes of the value', () => {
    expect(parse(schema, { ...right, symbol: ' AAPL ', limit: '3' }, 'The input')).toEqual({ ...right, limit: 3 });
  });

  it.each<[string, unknown, string]>([
    ['a missing key', { symbol: 'AAPL' }, '"mode" is missing.'],
    ['a missing value', undefined, 'it is missing.'],
    ['another kind of value', { ...right, symbol: 5 }, '"symbol" must be text, but it is 5.'],
    ['a broken number', { ...right, seed: 1.5 }, '"seed" must be a whole number, but it is 1.5.'],
    ['a number too small', { ...right, seed: -1 }, '"seed" must be at least 0, but it is -1.'],
    ['text where a number is read', { ...right, limit: 'ten' }, '"limit" must be a number, but it is the text "ten".'],
    ['a number in text that is too big', { ...right, limit: '11' }, '"limit" must be at most 10, but it is 11.'],
    ['no text', { ...right, symbol: '' }, '"symbol" must have at least 1 letter, but it has none.'],
    ['an empty list', { ...right, days: [] }, '"days" must have at least 1 entry, but it has none.'],
    ['another word', { ...right, mode: 'tial' }, '"mode" cannot be the text "tial"; did you mean "tail"?'],
    ['a key nobody knows', { ...right, symbl: 1 }, 'there is no key "symbl" here; did you mean "symbol"?'],
    ['a list for a map', [], 'it must be a map, but it is a list.'],
    [
      'a day that is none',
      { ...right, days: ['soon'] },
      '"days.0" must be a date such as 2024-01-31, but it is the text "soon".',
    ],
    ['none of two kinds', { ...right, span: 4 }, '"span" must be "all" or a map, but it is 4.'],
    [
      'a fault within one of two kinds',
      { ...right, span: { from: 'x' } },
      '"span.from" must be a number, but it is the text "x".',
    ],
    ['what the schema has words of its own for', { ...right, code: 'AB' }, '"code": a code is one small letter.'],
  ])('says of %s which key, what is expected and what was given', (_, value, sentence) => {
    const { code, message } = refusalOf(value);
    expect({ code, message }).toEqual({ code: 'invalid_input', message: `The input is not valid: ${sentence}` });
  });

  it('names every key that is wrong, in the sentence and in the details', () => {
    const { message, details } = refusalOf({ symbol: 'AAPL', mode: 'tail', seed: -1, colour: 'red' });
    const colour = /^there is no key "colour" here; use one of symbol, mode/;
    expect(message).toMatch(
      /^The input is not valid: "seed" must be at least 0, but it is -1\. There is no key "colour" here/,
    );
    expect(details['issues']).toEqual([
      { path: 'seed', message: '"seed" must be at least 0, but it is -1.' },
      { path: 'colour', message: expect.stringMatching(colour) },
    ]);
  });
});
