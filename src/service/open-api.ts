import * as z from 'zod/mini';
import { problemSchema } from '../base/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { formsOf, placeholdersOf, shapeOf, type Endpoint } from './endpoint.ts';
import { getHealth, startOperation, startUnnamedOperation } from './operation-endpoints.ts';

interface ApiDescription {
  readonly name: string;
  readonly version: string;
  readonly prefix: string;
  readonly endpoints: readonly Endpoint[];
  readonly contracts: readonly OperationContract<unknown, unknown, unknown>[];
  readonly asksForToken: boolean;
}

type Json = { readonly [key: string]: unknown };

/** The OpenAPI 3.1 document of a host, made from the very schemas that its doors check with. */
export function openApiDocument({ name, version, prefix, endpoints, contracts, asksForToken }: ApiDescription): Json {
  // The generic start routes differ from others only in the name of a placeholder, which OpenAPI forbids; each kind of
  // operation is listed with its own input instead.
  const listed = [
    ...endpoints.filter((endpoint) => endpoint !== startOperation && endpoint !== startUnnamedOperation),
    ...contracts.flatMap(startEndpoints),
  ];
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of listed) {
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = describe(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: { title: name, version },
    servers: [{ url: prefix === '' ? '/' : prefix }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
      ...(asksForToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(asksForToken ? { security: [{ token: [] }] } : {}),
  };
}

function startEndpoints({ type, input }: OperationContract<unknown, unknown, unknown>): Endpoint[] {
  const named = { ...startOperation, params: z.omit(startOperation.params, { type: true }) };
  const unnamed = { ...startUnnamedOperation, params: z.omit(startUnnamedOperation.params, { type: true }) };
  return [named, unnamed].map((endpoint) => ({
    ...endpoint,
    path: endpoint.path.replace('{type}', type) as `/${string}`,
    summary: `${endpoint.summary} (${type})`,
    body: input,
  }));
}

function describe(endpoint: Endpoint): Json {
  const { path, summary, body, status = 200 } = endpoint;
  return {
    operationId: operationId(endpoint),
    summary,
    tags: [path.split('/')[1]],
    ...(endpoint === getHealth ? { security: [] } : {}),
    parameters: parametersOf(endpoint),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !z.safeParse(body, undefined).success,
            content: { 'application/json': { schema: jsonSchema(body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: 'Success', content: contentOf(endpoint) },
      default: {
        description: 'A problem; its `code` tells a program what went wrong',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** `PUT /operations/copy_files/{id}` becomes `put_operations_copy_files_by_id`. */
function operationId({ method, path }: Endpoint): string {
  const words = path
    .replaceAll(/\{(\w+)\}/g, 'by_$1')
    .split(/\W+/)
    .filter(Boolean);
  return [method.toLowerCase(), ...words].join('_');
}

function parametersOf({ path, params, query, headers }: Endpoint): Json[] {
  const inPath = placeholdersOf(path).map((name) => parameter(name, 'path', shapeOf(params)[name]));
  const inQuery = Object.entries(shapeOf(query)).map(([name, schema]) => parameter(name, 'query', schema));
  const inHeaders = Object.entries(shapeOf(headers)).map(([name, schema]) => parameter(name, 'header', schema));
  return [...inPath, ...inQuery, ...inHeaders];
}

function parameter(name: string, place: 'path' | 'query' | 'header', schema: z.core.$ZodType | undefined): Json {
  const required = place === 'path' || (schema !== undefined && !z.safeParse(schema, undefined).success);
  return { name, in: place, required, schema: schema === undefined ? {} : jsonSchema(schema, 'input') };
}

function contentOf({ response }: Endpoint): Json {
  if (response === 'binary') return { '*/*': {} };
  if (response === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  const { json, encoding } = formsOf(response);
  const content = { 'application/json': { schema: jsonSchema(json, 'output') } };
  return encoding === undefined ? content : { ...content, [encoding.mediaType]: {} };
}

function jsonSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
