import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { limitsOf, ownTypeOf, schemaSchema, typeOf, type NamedShapes, type Schema } from './schema-type.ts';

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema.optional() }));

const routeSchema = z.object({
  summary: z.string(),
  tags: z.tuple([z.string()]),
  security: z.array(z.unknown()).optional(),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean(),
      schema: schemaSchema,
    }),
  ),
  requestBody: z.object({ required: z.boolean(), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: contentSchema })),
});

/** What the page needs of an OpenAPI document. */
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), routeSchema)),
  components: z.object({ schemas: z.object({ Problem: schemaSchema }) }),
});

interface Route extends z.output<typeof routeSchema> {
  /** `GET /operations/{id}` */
  readonly name: string;
}

const json = 'application/json';

/** Sections by the first word of a path, in the order of the page. */
const sections: Readonly<Record<string, string>> = {
  operations: 'Operations',
  data: 'Market data',
  training: 'Training',
  models: 'Models',
  health: 'The service itself',
  ready: 'The service itself',
  metrics: 'The service itself',
  'openapi.json': 'The service itself',
};

/** The reference of the API, docs/api.md, from the OpenAPI document that the API answers with. */
export function apiPage(document: unknown): string {
  const { paths, components } = documentSchema.parse(document);
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({ ...route, name: `${method.toUpperCase()} ${path}` })),
  );
  const named = namedShapes(routes, components.schemas.Problem);
  return `${[
    beginning,
    ...[...new Set(Object.values(sections))].flatMap((title) => [
      `## ${title}`,
      ...routes.filter(({ tags: [tag] }) => sections[tag] === title).flatMap((route) => routeText(route, named)),
    ]),
    '## Shapes',
    'What occurs in several places has a name:',
    types(Object.entries(named).map(([name, shape]) => ({ name, text: ownTypeOf(shape, named) }))),
  ].join('\n\n')}\n`;
}

/** The routes of a page as it is written: to hold a page against a document. */
export function routesOfPage(page: string): string[] {
  return [...page.matchAll(/^### `([A-Z]+ \/\S+)`$/gm)].map(([, name = '']) => name);
}

function namedShapes(routes: readonly Route[], problem: Schema): NamedShapes {
  const answer = (name: string): Schema => {
    const route = routes.find((each) => each.name === name);
    const [shape] = Object.values(route?.responses ?? {}).flatMap(({ content }) => content[json]?.schema ?? []);
    if (shape === undefined) throw new Error(`The API has no answer in JSON at ${name}.`);
    return shape;
  };
  const operation = answer('GET /operations/{id}');
  const part = (shape: Schema, key: string): Schema => shape.properties?.[key] ?? {};
  const timeframe = routes
    .flatMap(({ parameters }) => parameters)
    .find(({ name, schema }) => name === 'timeframe' && schema.enum !== undefined);
  return {
    Operation: operation,
    Status: part(operation, 'status'),
    Progress: part(operation, 'progress'),
    Problem: problem,
    ...(timeframe === undefined ? {} : { Timeframe: timeframe.schema }),
  };
}

function routeText(route: Route, named: NamedShapes): string[] {
  const { name, summary, parameters, requestBody, responses, security } = route;
  const body = requestBody?.content[json]?.schema;
  const parts = [`### \`${name}\``, `${summary}.${security === undefined ? '' : ' Asks for no token.'}`];
  if (parameters.length > 0) parts.push(parameters.map((each) => parameterLine(each, named)).join('\n'));
  const shapes: { name: string; text: string }[] = [];
  if (body !== undefined)
    shapes.push({ name: requestBody?.required === false ? 'BodyOrNone' : 'Body', text: typeOf(body, named) });
  const [success] = Object.entries(responses).filter(([status]) => status !== 'default');
  const [status = '', { content } = { content: {} }] = success ?? [];
  const answer = content[json]?.schema;
  if (answer !== undefined) shapes.push({ name: 'Answer', text: typeOf(answer, named) });
  const others = Object.keys(content).filter((type) => type !== json);
  const told = others.map((type) => (type === '*/*' ? 'bytes, of the type that the answer names' : `\`${type}\``));
  const also = answer === undefined ? told : ['JSON', ...told];
  parts.push(`Answers ${status} with ${also.join(', or ')}.`);
  if (shapes.length > 0) parts.push(types(shapes));
  return parts;
}

function parameterLine({ name, in: place, required, schema }: Route['parameters'][number], named: NamedShapes): string {
  const type = isDeepStrictEqual(schema, {}) ? '' : `\`${typeOf(schema, named)}\``;
  const words = [type, limitsOf(schema), required ? '' : 'may be left out'].filter(Boolean).join(', ');
  return `- \`${name}\` in the ${place}: ${[words, schema.description].filter(Boolean).join('. ')}`;
}

function types(shapes: readonly { name: string; text: string }[]): string {
  return `\`\`\`ts\n${shapes.map(({ name, text }) => `type ${name} = ${text};`).join('\n')}\n\`\`\``;
}

const beginning = `# The API over HTTP

This page is made from the OpenAPI document that the API answers with at \`GET /api/v1/openapi.json\`, which is made from the
schemas that requests are checked with. All paths stand below \`/api/v1\`, on \`http://127.0.0.1:8000\` where nothing else is
[configured](configuration.md). The host services have the routes of operations and of the service itself, without \`/api/v1\`.

\`\`\`js
import { readFile } from 'node:fs/promises';

const token = (await readFile('/home/me/.local/share/ktrdr/token', 'utf8')).trim();
const response = await fetch('http://127.0.0.1:8000/api/v1/operations?limit=5', {
  headers: { authorization: \`Bearer \${token}\` },
});
const { operations } = await response.json();
for (const { id, status, message } of operations) console.log(id, status, message);
\`\`\`

- Every request but \`GET /health\` shows the [access token](security.md) of the home. Bodies are JSON, and say so.
- Times are epoch milliseconds, spans \`[start, end)\`. A key that a body does not know is refused.
- A refusal is a \`Problem\` (\`application/problem+json\`, see [shapes](#shapes)) whose \`code\` says what is wrong and decides its
  status: [the table of errors](errors.md). Any route may answer \`invalid_input\` (400), \`unauthenticated\` (401), \`unavailable\`
  (503) and \`internal\` (500); those that name something \`not_found\` (404).
- \`operation-deadline\` is milliseconds from now after which an operation is cancelled by itself; with the same
  \`idempotency-key\` a request that is sent again joins what the first one began. [Operations](operations.md) says how they live.
- \`text/event-stream\` has one event for each state of an operation: \`id\` is its version, \`data\` an \`Operation\`.
- Bars and results of operations also come as an Arrow stream to who names \`application/vnd.apache.arrow.stream\` in \`Accept\`.`;
