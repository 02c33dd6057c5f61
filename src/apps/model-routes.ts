import { noCheckpoint, ProgressReporter, systemClock, type WorkContext } from '../async/index.ts';
import {
  compareModels,
  explainInThread,
  exportModel,
  judgeInThread,
  type JudgedBars,
  type ModelStore,
  type PageStart,
  type StoredModel,
  type UnreadableModel,
} from '../models/index.ts';
import { implement, type EndpointOutput, type HandlerContext, type ImplementedEndpoint } from '../service/index.ts';
import type { BarSource } from '../training/index.ts';
import { mostBarsOnPage } from './bars-page.ts';
import { inTurn } from './in-turn.ts';
import { modelOnBars } from './model-on-bars.ts';
import {
  deleteModel,
  exportedModel,
  getComparison,
  getExplanation,
  getModel,
  getPredictions,
  listModels,
  verifyModels,
} from './model-endpoints.ts';

interface ModelRoutes {
  readonly models: ModelStore;
  readonly bars: BarSource;
  /** How a symbol is spelled where its bars are kept. */
  readonly nameOf: (symbol: string) => string;
}

/** Answers the endpoints of trained models. */
export function modelRoutes({ models, bars, nameOf }: ModelRoutes): ImplementedEndpoint[] {
  // In threads of their own; many of them at once would only take each other's time and memory.
  const judging = inTurn();
  return [
    implement(listModels, async () => {
      const unreadable: UnreadableModel[] = [];
      return { models: await models.list((model) => unreadable.push(model)), unreadable };
    }),
    implement(getModel, ({ params: { name, version } }) => models.get(name, version)),
    implement(deleteModel, ({ params: { name, version } }) => models.remove(name, version)),
    implement(verifyModels, async ({ query: { name, version } }) => ({ models: await models.verify(name, version) })),
    implement(getComparison, async ({ query: { first, firstVersion, second, secondVersion } }) =>
      compareModels(await models.get(first, firstVersion), await models.get(second, secondVersion)),
    ),
    implement(exportedModel, async ({ params: { name, version, format } }) => {
      const model = await models.get(name, version);
      const weights = await models.readWeights(name, model.version);
      return { mediaType: 'application/octet-stream', bytes: exportModel(model, weights, format) };
    }),
    implement(getPredictions, async ({ params, query: { after, ...query } }, context) => {
      const model = await models.get(params.name, params.version);
      const weights = await models.readWeights(model.name, model.version);
      const job = await modelOnBars({ model, weights, source: bars, ...query }, context.token);
      const wanted = { ...query, limit: mostBarsOnPage, from: after === undefined ? undefined : pageStartOf(after) };
      const judged = await judging(() => judgeInThread(job, wanted, workContext(context)));
      const { baseTimeframe: timeframe } = job.features;
      return { ...named(model), symbol: nameOf(query.symbol), timeframe, ...pageOf(judged, model) };
    }),
    implement(getExplanation, async ({ params, query: { at = Infinity, ...query } }, context) => {
      const model = await models.get(params.name, params.version);
      const weights = await models.readWeights(model.name, model.version);
      const end = Number.isFinite(at) ? at + 1 : undefined;
      const job = await modelOnBars({ model, weights, source: bars, end, ...query }, context.token);
      const explained = await judging(() => explainInThread({ job, at }, workContext(context)));
      return { ...named(model), symbol: nameOf(query.symbol), timeframe: job.features.baseTimeframe, ...explained };
    }),
  ];
}

function named({ name, version }: StoredModel): { model: { name: string; version: string } } {
  return { model: { name, version } };
}

type Page = Omit<EndpointOutput<typeof getPredictions>, 'model' | 'symbol' | 'timeframe'>;

function pageOf(
  { time, closedAt, outputs, decisions, next }: JudgedBars,
  { metadata: { classes } }: StoredModel,
): Page {
  const names = classes.length > 0 ? classes : ['value'];
  return {
    time: [...time],
    closedAt: [...closedAt],
    outputs: Object.fromEntries(
      names.map((name, place) => [name, decisions.map((_, row) => outputs[row * names.length + place] ?? Number.NaN)]),
    ),
    signal: decisions.map(({ signal }) => signal),
    withheld: decisions.map(({ withheld = null }) => withheld),
    ...(next === undefined ? {} : { next: pageStartText(next) }),
  };
}

/** A page says where the next one begins, so that nothing of it has to be kept here or judged again. */
function pageStartText({ after, position, signalledAt }: PageStart): string {
  return [after, position, Number.isFinite(signalledAt) ? signalledAt : ''].join(':');
}

function pageStartOf(text: string): PageStart {
  const [after, position, signalledAt] = text.split(':');
  return {
    after: Number(after),
    position: position === '1' ? 1 : position === '-1' ? -1 : 0,
    signalledAt: signalledAt === undefined || signalledAt === '' ? -Infinity : Number(signalledAt),
  };
}

/** A request as work that a thread can be given. */
function workContext({ token, log, traceId: id }: HandlerContext): WorkContext<unknown> {
  return {
    id,
    attempt: 1,
    checkpoint: noCheckpoint,
    token,
    progress: new ProgressReporter({ clock: systemClock, context: {}, emit: () => {} }),
    log,
    clock: systemClock,
  };
}
