import { z } from 'zod';
import { defineEndpoint } from '../../dist/service/index.js';

const value = z.object({ name: z.string(), count: z.number(), tags: z.array(z.string()) });

/** A short call without a body, and one with. */
export const getEcho = defineEndpoint({
  method: 'GET',
  path: '/echo/{count}',
  summary: 'A small value',
  params: z.object({ count: z.coerce.number() }),
  response: value,
});

export const postEcho = defineEndpoint({
  method: 'POST',
  path: '/echo',
  summary: 'The value that was sent',
  body: value,
  response: value,
  idempotent: true,
});

export const sent = { name: 'bench', count: 7, tags: ['a', 'b', 'c'] };
