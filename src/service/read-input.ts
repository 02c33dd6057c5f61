import type { HonoRequest } from 'hono';
import type * as z from 'zod/mini';
import { KtrdrError, parse } from '../base/index.ts';
import { nameOf, type Endpoint, type RawInput } from './endpoint.ts';
import { parseJson } from './parse-json.ts';

/** A fault of the request for which HTTP has a status of its own. */
export class RequestFault extends KtrdrError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('invalid_input', message);
    this.status = status;
  }
}

/**
 * The declared parts of a request, parsed.
 * @throws KtrdrError `invalid_input` naming what is wrong.
 */
export async function readInput(endpoint: Endpoint, request: HonoRequest, maxBodyBytes: number): Promise<RawInput> {
  const { params, query, headers, body } = endpoint;
  const name = nameOf(endpoint);
  return {
    ...(params === undefined ? {} : { params: parsePart(params, request.param(), `The path of ${name}`) }),
    ...(query === undefined ? {} : { query: parsePart(query, scalars(request.queries()), `The query of ${name}`) }),
    ...(headers === undefined ? {} : { headers: parsePart(headers, request.header(), `The head of ${name}`) }),
    ...(body === undefined
      ? {}
      : { body: parsePart(body, await readJson(request, maxBodyBytes), `The body of ${name}`) }),
  };
}

function parsePart<S extends z.core.$ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  return parse(schema as z.core.$ZodType<z.output<S>>, value, what);
}

/** A key that stands once is a text, one that is repeated a list of texts. */
function scalars(queries: Record<string, string[]>): Record<string, string | string[] | undefined> {
  return Object.fromEntries(
    Object.entries(queries).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
}

async function readJson(request: HonoRequest, maxBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return undefined;
  const mediaType = request.header('content-type') ?? 'nothing';
  // Also keeps out what a page of another site can send without asking: a form or plain text.
  if (!/^application\/(.+\+)?json\b/i.test(mediaType)) {
    throw new RequestFault(415, `The body is declared as ${mediaType}; send JSON as application/json.`);
  }
  return parseJson(bytes);
}

/**
 * How many times the allowed size is read before a body is refused: a client that is still sending when the connection
 * is closed mostly never sees the answer.
 */
const readAllTheSame = 4;

async function readBytes(request: HonoRequest, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): RequestFault => new RequestFault(413, `The body is larger than the ${maxBytes} bytes allowed.`);
  const encoding = request.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new RequestFault(415, `The body is encoded as ${encoding}; send it as it is.`);
  const { raw } = request;
  const announced = raw.headers.get('content-length');
  try {
    if (announced !== null && Number(announced) > maxBytes) {
      if (Number(announced) <= maxBytes * readAllTheSame) await raw.arrayBuffer();
      throw tooLarge();
    }
    if (announced !== null) return new Uint8Array(await raw.arrayBuffer());
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of raw.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof RequestFault) throw cause;
    // Mostly the caller went away: not our fault, and nobody is left to read the answer.
    throw new RequestFault(400, `The body ended too early: ${KtrdrError.from(cause).message}.`);
  }
}
