import { operationSchema } from '../operations/index.ts';
import { defineEndpoint, unnamedStartHeaders } from '../service/index.ts';
import { trainModel } from '../training/index.ts';

/** The training domain's routes of the API; the routes of operations come with every host service. */

export const postTraining = defineEndpoint({
  method: 'POST',
  path: '/training/start',
  summary: 'Start a training; the answer is its operation. The same as `POST /operations/train_model`',
  headers: unnamedStartHeaders,
  body: trainModel.input,
  response: operationSchema,
  status: 202,
});
