import { z } from 'zod';
import { modelFileNames } from '../models/index.ts';
import { defineEndpoint } from '../service/index.ts';

/** How a model is fetched from the host that trained it, piece by piece. */
export const getModelFile = defineEndpoint({
  method: 'GET',
  path: '/models/{name}/{version}/files/{file}',
  summary: 'A file of a model from the byte `from` on, 1 MiB at most; nothing behind its end',
  params: z.object({ name: z.string(), version: z.string(), file: z.enum(modelFileNames) }),
  query: z.object({ from: z.coerce.number<number>().int().min(0).default(0) }),
  response: 'binary',
});
