import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { KtrdrError } from '../base/index.ts';
import { accessTokenPattern, type AccessSettings } from './access-token.ts';

/** Everything that can be configured, validated and with defaults filled in. */
export interface Settings {
  /** The directory that holds everything ktrdr keeps. One process owns it at a time. */
  readonly home: string;
  /** What the API and the host services ask of their callers. */
  readonly access: AccessSettings;
  readonly api: { readonly host: string; readonly port: number; readonly url: string };
  readonly ib: {
    /** Load through the IB host service instead of from the gateway directly. */
    readonly useHostService: boolean;
    readonly hostServiceUrl: string;
    readonly pool: PoolSettings;
    readonly gateway: { readonly host: string; readonly port: number; readonly clientId: number };
  };
  readonly training: {
    /** Train on the training host service instead of in a thread of this process. */
    readonly useHostService: boolean;
    readonly hostServiceUrl: string;
    readonly pool: PoolSettings;
    /** Where a training host has its bars from: the store of its home, or the API, page by page. */
    readonly bars: 'store' | 'api';
    /** What trains models here; `auto` takes the fastest that trains the kind of model. */
    readonly backend: 'auto' | 'wasm' | 'plain';
    /** The most that one training may use here, in MiB. */
    readonly memoryMb: number;
  };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** How a client of a host service uses its connections. */
export interface PoolSettings {
  readonly connections: number;
  /** The longest wait for an answer. */
  readonly timeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const flag = z
  .enum(['true', '1', 'yes', 'false', '0', 'no'], { error: 'use true or false' })
  .transform((word) => word === 'true' || word === '1' || word === 'yes');
const port = z.coerce
  .number({ error: 'is not a number' })
  .int('is not a whole number')
  .min(0, 'a port lies between 0 and 65535')
  .max(65_535, 'a port lies between 0 and 65535');
const connections = z.coerce
  .number({ error: 'is not a number' })
  .int('is not a whole number')
  .min(1, 'use 1 to 1000')
  .max(1_000, 'use 1 to 1000');
const seconds = z.coerce
  .number({ error: 'is not a number of seconds' })
  .min(1, 'use 1 to 3600 seconds')
  .max(3_600, 'use 1 to 3600 seconds');
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http:// or https:// address' })
  .transform((url) => url.replace(/\/+$/, ''));
const path = z
  .string()
  .min(1)
  .transform((given) => (isAbsolute(given) ? given : resolve(given)));

const variables = z.object({
  KTRDR_HOME: path.optional(),
  XDG_DATA_HOME: z.string().optional(),
  KTRDR_TOKEN: z
    .string()
    .regex(accessTokenPattern, 'a token has 32 to 512 letters, digits or the signs . _ ~ + / = -')
    .optional(),
  KTRDR_TOKEN_FILE: path.optional(),
  KTRDR_API_HOST: z.string().min(1).default('127.0.0.1'),
  KTRDR_API_PORT: port.default(8000),
  KTRDR_API_URL: httpUrl.optional(),
  USE_IB_HOST_SERVICE: flag.default(false),
  IB_HOST_SERVICE_URL: httpUrl.default('http://127.0.0.1:5001'),
  IB_HOST_SERVICE_CONNECTIONS: connections.default(10),
  IB_HOST_SERVICE_TIMEOUT_SECONDS: seconds.default(30),
  IB_HOST_SERVICE_KEEP_ALIVE_SECONDS: seconds.default(30),
  IB_HOST: z.string().min(1).default('127.0.0.1'),
  IB_PORT: port.default(4002),
  IB_CLIENT_ID: z.coerce.number({ error: 'is not a number' }).int().min(0).max(999).default(1),
  USE_TRAINING_HOST_SERVICE: flag.default(false),
  TRAINING_HOST_SERVICE_URL: httpUrl.default('http://127.0.0.1:5002'),
  TRAINING_HOST_SERVICE_CONNECTIONS: connections.default(5),
  TRAINING_HOST_SERVICE_TIMEOUT_SECONDS: seconds.default(60),
  TRAINING_HOST_SERVICE_KEEP_ALIVE_SECONDS: seconds.default(30),
  KTRDR_TRAINING_BARS: z.enum(['store', 'api'], { error: 'use store or api' }).default('store'),
  KTRDR_TRAINING_BACKEND: z.enum(['auto', 'wasm', 'plain'], { error: 'use auto, wasm or plain' }).default('auto'),
  KTRDR_TRAINING_MEMORY_MB: z.coerce
    .number({ error: 'is not a number of MiB' })
    .int('is not a whole number of MiB')
    .min(64, 'a training needs 64 MiB at least')
    .default(4_096),
  KTRDR_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/**
 * Reads the settings from an environment. An empty or blank variable counts as absent.
 * @throws KtrdrError `invalid_input` that names every variable that is wrong.
 */
export function readSettings(environment: Environment): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return `${name}${name === 'KTRDR_TOKEN' ? '' : `=${JSON.stringify(given[name])}`}: ${issue.message}`;
    });
    throw new KtrdrError('invalid_input', `The configuration is not valid: ${issues.join('; ')}.`, {
      details: { issues },
    });
  }
  const values = parsed.data;
  // The XDG rules have a relative path ignored.
  const dataHome =
    values.XDG_DATA_HOME !== undefined && isAbsolute(values.XDG_DATA_HOME)
      ? values.XDG_DATA_HOME
      : join(homedir(), '.local', 'share');
  const home = values.KTRDR_HOME ?? join(dataHome, 'ktrdr');
  return {
    home,
    access: {
      file: values.KTRDR_TOKEN_FILE ?? join(home, 'token'),
      ...(values.KTRDR_TOKEN === undefined ? {} : { token: values.KTRDR_TOKEN }),
    },
    api: {
      host: values.KTRDR_API_HOST,
      port: values.KTRDR_API_PORT,
      url: values.KTRDR_API_URL ?? `http://${reachable(values.KTRDR_API_HOST)}:${values.KTRDR_API_PORT}/api/v1`,
    },
    ib: {
      useHostService: values.USE_IB_HOST_SERVICE,
      hostServiceUrl: values.IB_HOST_SERVICE_URL,
      pool: {
        connections: values.IB_HOST_SERVICE_CONNECTIONS,
        timeoutMs: values.IB_HOST_SERVICE_TIMEOUT_SECONDS * 1_000,
        keepAliveMs: values.IB_HOST_SERVICE_KEEP_ALIVE_SECONDS * 1_000,
      },
      gateway: { host: values.IB_HOST, port: values.IB_PORT, clientId: values.IB_CLIENT_ID },
    },
    training: {
      useHostService: values.USE_TRAINING_HOST_SERVICE,
      hostServiceUrl: values.TRAINING_HOST_SERVICE_URL,
      pool: {
        connections: values.TRAINING_HOST_SERVICE_CONNECTIONS,
        timeoutMs: values.TRAINING_HOST_SERVICE_TIMEOUT_SECONDS * 1_000,
        keepAliveMs: values.TRAINING_HOST_SERVICE_KEEP_ALIVE_SECONDS * 1_000,
      },
      bars: values.KTRDR_TRAINING_BARS,
      backend: values.KTRDR_TRAINING_BACKEND,
      memoryMb: values.KTRDR_TRAINING_MEMORY_MB,
    },
    logLevel: values.KTRDR_LOG_LEVEL,
  };
}

/** Where this machine reaches what listens on `host`, as a URL has it. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** The settings of this process. Nothing else reads its environment. */
export function processSettings(overrides: Environment = {}): Settings {
  return readSettings(environmentWith(overrides));
}

/** The environment for a child process: this one's, with some settings replaced. */
export function environmentWith(overrides: Environment): Environment {
  return { ...process.env, ...overrides };
}
