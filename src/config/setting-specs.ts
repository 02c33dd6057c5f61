import {
  accessToken,
  httpUrl,
  machine,
  oneOf,
  path,
  port,
  seconds,
  truth,
  wholeNumber,
  type SettingKind,
  type SettingValue,
} from './setting-kinds.ts';

export interface SettingSpec<T extends SettingValue = SettingValue> {
  /** The variable of the environment. */
  readonly variable: string;
  /** The option of the command line, with what it takes. */
  readonly flag?: '--home' | '--api';
  readonly kind: SettingKind<T>;
  /** As a file has it; where the default follows from something else, in words. */
  readonly fallback: string | { readonly words: string };
  /** One line for people. */
  readonly meaning: string;
  /**
   * The files that may hold it; all when absent. A project file comes with whatever was checked out, so it may not say to
   * whom the access token is shown.
   */
  readonly files?: 'user' | 'none';
}

/** Everything that can be set. A file has the names as nested maps. */
const settingSpecs = {
  home: spec({
    variable: 'KTRDR_HOME',
    flag: '--home',
    kind: path,
    fallback: { words: 'the XDG directories' },
    meaning: 'the directory that holds everything; one API owns it at a time',
  }),
  'access.token': spec({
    variable: 'KTRDR_TOKEN',
    kind: accessToken,
    fallback: { words: 'read from the file' },
    meaning: 'the access token itself, instead of its file',
    files: 'none',
  }),
  'access.token_file': spec({
    variable: 'KTRDR_TOKEN_FILE',
    kind: path,
    fallback: { words: '`token` in the home' },
    meaning: 'the file of the token that services ask for and clients show; made at the first start',
    files: 'user',
  }),
  'api.host': spec({
    variable: 'KTRDR_API_HOST',
    kind: machine,
    fallback: '127.0.0.1',
    meaning: 'the address that the API listens on',
    files: 'user',
  }),
  'api.port': spec({
    variable: 'KTRDR_API_PORT',
    kind: port,
    fallback: '8000',
    meaning: 'the port that the API listens on; 0 takes a free one',
  }),
  'api.url': spec({
    variable: 'KTRDR_API_URL',
    flag: '--api',
    kind: httpUrl,
    fallback: { words: 'where the API listens' },
    meaning: 'the API that the command line, and a training host with `training.bars` `api`, talk to',
    files: 'user',
  }),
  'ib.use_host_service': spec({
    variable: 'USE_IB_HOST_SERVICE',
    kind: truth,
    fallback: 'false',
    meaning: 'load through an IB host service instead of from the gateway directly',
  }),
  'ib.host_service.url': spec({
    variable: 'IB_HOST_SERVICE_URL',
    kind: httpUrl,
    fallback: 'http://127.0.0.1:5001',
    meaning: 'where the IB host service is',
    files: 'user',
  }),
  'ib.host_service.connections': spec({
    variable: 'IB_HOST_SERVICE_CONNECTIONS',
    kind: wholeNumber({ least: 1, most: 1_000 }),
    fallback: '10',
    meaning: 'how many connections the API keeps to it at most',
  }),
  'ib.host_service.timeout_seconds': spec({
    variable: 'IB_HOST_SERVICE_TIMEOUT_SECONDS',
    kind: seconds,
    fallback: '30',
    meaning: 'the longest wait for one of its answers',
  }),
  'ib.host_service.keep_alive_seconds': spec({
    variable: 'IB_HOST_SERVICE_KEEP_ALIVE_SECONDS',
    kind: seconds,
    fallback: '30',
    meaning: 'how long an idle connection to it is kept',
  }),
  'ib.gateway.host': spec({
    variable: 'IB_HOST',
    kind: machine,
    fallback: '127.0.0.1',
    meaning: 'the machine of TWS or IB Gateway',
  }),
  'ib.gateway.port': spec({
    variable: 'IB_PORT',
    kind: port,
    fallback: '4002',
    meaning: 'its port: IB Gateway 4001 live, 4002 paper; TWS 7496 live, 7497 paper',
  }),
  'ib.gateway.client_id': spec({
    variable: 'IB_CLIENT_ID',
    kind: wholeNumber({ least: 0, most: 999 }),
    fallback: '1',
    meaning: 'the first of three client ids that are tried there',
  }),
  'training.use_host_service': spec({
    variable: 'USE_TRAINING_HOST_SERVICE',
    kind: truth,
    fallback: 'false',
    meaning: 'train on a training host service instead of in a thread of the API',
  }),
  'training.host_service.url': spec({
    variable: 'TRAINING_HOST_SERVICE_URL',
    kind: httpUrl,
    fallback: 'http://127.0.0.1:5002',
    meaning: 'where the training host service is',
    files: 'user',
  }),
  'training.host_service.connections': spec({
    variable: 'TRAINING_HOST_SERVICE_CONNECTIONS',
    kind: wholeNumber({ least: 1, most: 1_000 }),
    fallback: '5',
    meaning: 'how many connections the API keeps to it at most',
  }),
  'training.host_service.timeout_seconds': spec({
    variable: 'TRAINING_HOST_SERVICE_TIMEOUT_SECONDS',
    kind: seconds,
    fallback: '60',
    meaning: 'the longest wait for one of its answers',
  }),
  'training.host_service.keep_alive_seconds': spec({
    variable: 'TRAINING_HOST_SERVICE_KEEP_ALIVE_SECONDS',
    kind: seconds,
    fallback: '30',
    meaning: 'how long an idle connection to it is kept',
  }),
  'training.bars': spec({
    variable: 'KTRDR_TRAINING_BARS',
    kind: oneOf(['store', 'api']),
    fallback: 'store',
    meaning: 'where a training host has its bars from: the store of its home, or the API, page by page',
  }),
  'training.backend': spec({
    variable: 'KTRDR_TRAINING_BACKEND',
    kind: oneOf(['auto', 'wasm', 'plain', 'native']),
    fallback: 'auto',
    meaning: 'what trains models; `auto` takes the fastest that trains the kind of model',
  }),
  'training.memory_mb': spec({
    variable: 'KTRDR_TRAINING_MEMORY_MB',
    kind: wholeNumber({ least: 64, most: 16_777_216 }),
    fallback: '4096',
    meaning: 'the most that one training may use, in MiB; one that needs more ends with what to do',
  }),
  'log.level': spec({
    variable: 'KTRDR_LOG_LEVEL',
    kind: oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
    meaning: 'how much services log, as JSON lines on stderr',
  }),
};

export type SettingName = keyof typeof settingSpecs;

type SpecOf<N extends SettingName> = (typeof settingSpecs)[N];
type ValueOf<S> = S extends SettingSpec<infer T> ? T : never;

/** What was set, by name. */
export type SetValues = { readonly [N in SettingName]?: ValueOf<SpecOf<N>> };

/** What every setting is worth. There need be no token. */
export type SettingValues = Required<Omit<SetValues, 'access.token'>> & Pick<SetValues, 'access.token'>;

export const settingNames = Object.keys(settingSpecs) as SettingName[];

export function specOf(name: SettingName): SettingSpec {
  return settingSpecs[name];
}

/** Keeps the type of the value, which a table of specs of several kinds would lose. */
function spec<T extends SettingValue>(given: SettingSpec<T>): SettingSpec<T> {
  return given;
}
