import { KtrdrError } from '../base/index.ts';
import { plainBackend, wasmBackend, type ModelSpec, type TrainerBackend } from '../nn/index.ts';

/** The fastest first: `auto` takes the first that trains the model. */
const backends: readonly TrainerBackend[] = [wasmBackend, plainBackend];

/** What can be configured: a backend by its name, or the choice by the kind of the model. */
export type BackendSetting = 'auto' | 'wasm' | 'plain';

/** Which backend trains a model, and the sentence that says why it is that one. Kept with the model. */
export interface ChosenBackend {
  readonly name: string;
  readonly why: string;
}

/**
 * The only place where a backend is chosen. The same setting and model give the same one on every machine: what weights a
 * training ends with depends on it.
 * @throws KtrdrError `failed_precondition` when the setting names one that does not train such models: another one would
 * give other weights, so none takes its place.
 */
export function chooseBackend(
  setting: BackendSetting,
  kind: ModelSpec['kind'],
  known: readonly TrainerBackend[] = backends,
): ChosenBackend {
  const isAble = ({ capabilities }: TrainerBackend): boolean => capabilities.models.includes(kind);
  if (setting !== 'auto') {
    if (known.some((backend) => backend.name === setting && isAble(backend)))
      return { name: setting, why: 'The configuration names it.' };
    throw new KtrdrError(
      'failed_precondition',
      `The configuration has models trained by the backend "${setting}", which does not train ${kind} models. Set KTRDR_TRAINING_BACKEND to auto.`,
      { details: { backend: setting, model: kind } },
    );
  }
  const place = known.findIndex(isAble);
  const chosen = known[place];
  if (chosen === undefined) throw new KtrdrError('internal', `No backend trains ${kind} models.`);
  const faster = known.slice(0, place).map(({ name }) => name);
  const why = `It is the fastest that trains ${kind} models`;
  return { name: chosen.name, why: faster.length === 0 ? `${why}.` : `${why}, which ${faster.join(' and ')} cannot.` };
}

/** @throws KtrdrError `internal` for a name that no choice has given. */
export function backendNamed(name: string): TrainerBackend {
  const found = backends.find((backend) => backend.name === name);
  if (found === undefined) throw new KtrdrError('internal', `There is no backend "${name}".`);
  return found;
}
