import { KtrdrError } from '../base/index.ts';
import {
  findNativeLibrary,
  nativeBackend,
  plainBackend,
  wasmBackend,
  type ModelSpec,
  type NativeLibrary,
  type TrainerBackend,
} from '../nn/index.ts';

/**
 * The fastest first of those that are part of this program and give the same weights everywhere: `auto` takes the first
 * that trains the model. Behind them what there is only where its library was found.
 */
export function backendsWith(library?: NativeLibrary): readonly TrainerBackend[] {
  return [wasmBackend, plainBackend, ...(library === undefined ? [] : [nativeBackend(library)])];
}

/** What can be configured: a backend by its name, or the choice by the kind of the model. */
export type BackendSetting = 'auto' | 'wasm' | 'plain' | 'native';

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
  known: readonly TrainerBackend[] = backendsWith(),
): ChosenBackend {
  const isAble = ({ capabilities }: TrainerBackend): boolean => capabilities.models.includes(kind);
  if (setting !== 'auto') {
    const named = known.find((backend) => backend.name === setting && isAble(backend));
    if (named !== undefined) {
      const means = named.computesWith === undefined ? '' : ` It computes with ${named.computesWith}.`;
      return { name: setting, why: `The configuration names it.${means}` };
    }
    throw new KtrdrError(
      'failed_precondition',
      `The configuration has models trained by the backend "${setting}", which does not train ${kind} models. Set KTRDR_TRAINING_BACKEND to auto.`,
      { details: { backend: setting, model: kind } },
    );
  }
  const everywhere = known.filter(({ capabilities }) => capabilities.reproducible === 'everywhere');
  const place = everywhere.findIndex(isAble);
  const chosen = everywhere[place];
  if (chosen === undefined) throw new KtrdrError('internal', `No backend trains ${kind} models.`);
  const faster = everywhere.slice(0, place).map(({ name }) => name);
  const why = `It is the fastest that trains ${kind} models`;
  return { name: chosen.name, why: faster.length === 0 ? `${why}.` : `${why}, which ${faster.join(' and ')} cannot.` };
}

/**
 * As `chooseBackend`, but a library that the setting asks for and that is not part of this program is looked for in the
 * folders.
 */
export function findBackend(
  setting: BackendSetting,
  kind: ModelSpec['kind'],
  packageFolders: readonly string[],
): { backend: ChosenBackend; library?: NativeLibrary } {
  if (setting !== 'native') return { backend: chooseBackend(setting, kind) };
  const library = findNativeLibrary(packageFolders);
  return { backend: chooseBackend(setting, kind, backendsWith(library)), library };
}

/** @throws KtrdrError `internal` for a name that no choice has given. */
export function backendNamed(name: string, library?: NativeLibrary): TrainerBackend {
  const found = backendsWith(library).find((backend) => backend.name === name);
  if (found === undefined) throw new KtrdrError('internal', `There is no backend "${name}".`);
  return found;
}
