import type * as z from 'zod/mini';
import { KtrdrError } from '../base/index.ts';
import type { ResultEncoding } from '../operations/index.ts';
import type { ServerEvent } from './sse.ts';

/** One route of a host service, as pure data: the client, the server and the OpenAPI document all read the same value. */
export interface Endpoint {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With placeholders: `/things/{id}`. Every placeholder is a key of `params`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly params?: z.core.$ZodObject;
  /** Values arrive as text, or as a list of texts when the key is repeated: use `z.coerce` and `oneOrMore`. */
  readonly query?: z.core.$ZodObject;
  /** Names in lower case. Values arrive as text. */
  readonly headers?: z.core.$ZodObject;
  /** Travels as JSON. */
  readonly body?: z.core.$ZodType;
  /** JSON, JSON or bytes of the same value, bytes that the handler names the media type of, or server-sent events. */
  readonly response: z.core.$ZodType | Encodable<z.core.$ZodType> | 'binary' | 'events';
  /** May be sent again when the answer was lost. By default every method but POST. */
  readonly idempotent?: boolean;
  /** Of a success; 200 when absent. */
  readonly status?: number;
}

/** A value with two forms: bytes for whoever accepts their media type, as our own client does, and JSON for the rest. */
export interface Encodable<S extends z.core.$ZodType> {
  readonly json: S;
  readonly encoding: ResultEncoding<z.output<S>>;
}

export function encodable<S extends z.core.$ZodType>(json: S, encoding: ResultEncoding<z.output<S>>): Encodable<S> {
  return { json, encoding };
}

/** A response that is bytes only. */
export interface BinaryBody {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What a caller gives: the declared parts, before parsing. */
export type EndpointInput<E extends Endpoint> = {
  readonly [P in DeclaredPart<E> as MayBeAbsent<z.input<PartSchema<E, P>>> extends true ? never : P]: z.input<
    PartSchema<E, P>
  >;
} & {
  readonly [P in DeclaredPart<E> as MayBeAbsent<z.input<PartSchema<E, P>>> extends true ? P : never]?: z.input<
    PartSchema<E, P>
  >;
};

/** What a handler is given: the declared parts, parsed. */
export type EndpointRequest<E extends Endpoint> = {
  readonly [P in DeclaredPart<E>]: z.output<PartSchema<E, P>>;
};

/** What a handler returns and a caller gets. */
export type EndpointOutput<E extends Endpoint> = E['response'] extends z.core.$ZodType
  ? z.output<E['response']>
  : E['response'] extends Encodable<infer S>
    ? z.output<S>
    : E['response'] extends 'binary'
      ? BinaryBody
      : AsyncIterable<ServerEvent>;

/** @throws KtrdrError `internal` when the placeholders of the path and the keys of `params` differ. */
export function defineEndpoint<const E extends Endpoint>(endpoint: E): E {
  const placeholders = placeholdersOf(endpoint.path);
  const declared = Object.keys(shapeOf(endpoint.params));
  if (placeholders.length !== declared.length || !placeholders.every((name) => declared.includes(name))) {
    throw new KtrdrError(
      'internal',
      `Endpoint ${nameOf(endpoint)} declares the params [${declared.join(', ')}], its path has [${placeholders.join(', ')}].`,
    );
  }
  return endpoint;
}

/** The keys of a part, each with its schema. */
export function shapeOf(part: z.core.$ZodObject | undefined): Readonly<Record<string, z.core.$ZodType>> {
  return part?._zod.def.shape ?? {};
}

/** For logs and error details: `GET /things/{id}`. */
export function nameOf({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}

/** The forms of a response that is a value. */
export function formsOf(response: z.core.$ZodType | Encodable<z.core.$ZodType>): {
  json: z.core.$ZodType;
  encoding: ResultEncoding<unknown> | undefined;
} {
  return 'encoding' in response ? response : { json: response, encoding: undefined };
}

export function isIdempotent({ method, idempotent = method !== 'POST' }: Endpoint): boolean {
  return idempotent;
}

export function placeholdersOf(path: string): string[] {
  return [...path.matchAll(placeholder)].map(([, name = '']) => name);
}

/** The parts of an endpoint's input when its types are not known: what the machinery itself works on. */
export interface RawInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/**
 * Path and query of one call. Absent query values are left out, lists become repeated keys.
 * @throws KtrdrError `invalid_input` for a param that a URL cannot carry as one segment.
 */
export function pathOf(endpoint: Endpoint, { params = {}, query }: RawInput): string {
  const path = endpoint.path.replaceAll(placeholder, (_, name: string) => segment(endpoint, name, params[name]));
  if (query === undefined) return path;
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) search.append(key, String(item));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

const placeholder = /\{(\w+)\}/g;

function segment(endpoint: Endpoint, name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  // URL parsers on the way resolve dot segments, also escaped ones, and drop empty ones.
  if (text === '' || text === '.' || text === '..') {
    throw new KtrdrError('invalid_input', `"${text}" cannot be the ${name} of ${nameOf(endpoint)}.`);
  }
  return encodeURIComponent(text);
}

type DeclaredPart<E> = {
  [P in 'params' | 'query' | 'headers' | 'body']: P extends keyof E ? P : never;
}['params' | 'query' | 'headers' | 'body'];
type MayBeAbsent<T> = undefined extends T ? true : Partial<T> extends T ? true : false;
type PartSchema<E, P> = P extends keyof E ? Extract<E[P], z.core.$ZodType> : never;
