import { z } from 'zod';
import { cancelReasons } from '../async/index.ts';
import { operationIdSchema, problemSchema } from '../base/index.ts';
import { operationStatuses, type Operation } from '../operations/index.ts';
import {
  defineEndpoint,
  implement,
  startOptions,
  unnamedStartHeaders,
  type ImplementedEndpoint,
} from '../service/index.ts';
import type { ModelStore } from '../models/index.ts';
import { getModelFile } from './model-file-endpoint.ts';
import { trainModel, trainModelInputShape } from './train-model.ts';
import type { TrainingManager } from './training-manager.ts';

/**
 * The routes of a training host: the files of its models for those who had them trained, and what clients of the
 * specification know. The latter say the same things as the routes of operations, which every host has: a session is an
 * operation, its id is the operation's.
 */
export function trainingHostEndpoints(
  training: TrainingManager,
  models: Pick<ModelStore, 'readPiece'>,
): ImplementedEndpoint[] {
  return [
    implement(getModelFile, async ({ params: { file, ...model }, query: { from } }) => ({
      mediaType: 'application/octet-stream',
      bytes: await models.readPiece(model, file, from),
    })),
    implement(startTraining, ({ headers, body: { session_id: id, ...input } }, context) => {
      const options = startOptions(trainModel.type, headers, context);
      return sessionOf(training.get(training.train(input, id === undefined ? options : { ...options, id }).id));
    }),
    implement(listTrainings, ({ query: { status, ...page } }) => {
      const { operations, total, nextCursor } = training.list({
        limit: page.limit,
        ...(status === undefined ? {} : { status: [status] }),
        ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
      });
      return {
        sessions: operations.map(sessionOf),
        total_sessions: total,
        ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
      };
    }),
    implement(getTrainingResult, ({ params }) => training.result(params.session_id)),
    implement(getTrainingStatus, ({ params }) => sessionOf(training.get(params.session_id))),
    implement(cancelTraining, ({ params, body }) => sessionOf(training.cancel(params.session_id, body?.reason))),
    implement(putCancellation, ({ params, body }) => sessionOf(training.cancel(params.session_id, body?.reason))),
  ];
}

const session = z.object({
  session_id: z.string(),
  status: z.enum(operationStatuses),
  message: z.string(),
  progress: z.object({
    epoch: z.number(),
    total_epochs: z.number(),
    batch: z.number(),
    total_batches: z.number(),
    progress_percent: z.number(),
  }),
  metrics: z.record(z.string(), z.number()),
  /** ISO 8601, in UTC. */
  start_time: z.string(),
  last_updated: z.string(),
  error: z.exactOptional(problemSchema),
});

const ofSession = z.object({ session_id: z.string() });
const cancelBody = z.object({ reason: z.enum(cancelReasons).default('user') }).optional();

const startTraining = defineEndpoint({
  method: 'POST',
  path: '/training/start',
  summary: 'Start a training, under a session id of your choice if you name one',
  headers: unnamedStartHeaders,
  body: z.strictObject({ ...trainModelInputShape, session_id: z.exactOptional(operationIdSchema) }),
  response: session,
  status: 202,
});

const listTrainings = defineEndpoint({
  method: 'GET',
  path: '/training/sessions',
  summary: 'Trainings, newest first; `next_cursor` as `cursor` gives the next page',
  query: z.object({
    status: z.enum(operationStatuses).optional(),
    limit: z.coerce.number<number>().int().min(1).max(1000).default(100),
    cursor: z.string().optional(),
  }),
  response: z.object({
    sessions: z.array(session),
    total_sessions: z.number().int(),
    next_cursor: z.string().exactOptional(),
  }),
});

const getTrainingResult = defineEndpoint({
  method: 'GET',
  path: '/training/result/{session_id}',
  summary: 'What a completed training ended with: the model, its metrics, its history, the hash of its weights',
  params: ofSession,
  response: trainModel.result,
});

const getTrainingStatus = defineEndpoint({
  method: 'GET',
  path: '/training/status/{session_id}',
  summary: 'Where a training stands',
  params: ofSession,
  response: session,
});

const cancelTraining = defineEndpoint({
  method: 'POST',
  path: '/training/cancel/{session_id}',
  summary: 'Ask a training to stop; asking again, or after its end, changes nothing',
  params: ofSession,
  body: cancelBody,
  response: session,
  idempotent: true,
});

const putCancellation = defineEndpoint({
  method: 'PUT',
  path: '/training/sessions/{session_id}/cancellation',
  summary: 'Ask a training to stop; asking again, or after its end, changes nothing',
  params: ofSession,
  body: cancelBody,
  response: session,
});

function sessionOf({ id, status, message, progress, createdAt, error }: Operation): z.infer<typeof session> {
  const context = trainModel.context.parse(progress.context);
  const metrics = {
    train_loss: context.trainLoss,
    train_accuracy: context.trainAccuracy,
    val_loss: context.validationLoss,
    val_accuracy: context.validationAccuracy,
  };
  return {
    session_id: id,
    status,
    message,
    progress: {
      epoch: context.epoch,
      total_epochs: context.epochs,
      batch: context.batch,
      total_batches: context.batches,
      progress_percent: 100 * progress.fraction,
    },
    metrics: definedOf(metrics),
    start_time: new Date(createdAt).toISOString(),
    last_updated: new Date(progress.updatedAt).toISOString(),
    ...(error === undefined ? {} : { error }),
  };
}

function definedOf(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
