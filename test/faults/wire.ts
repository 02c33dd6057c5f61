import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import { problemSchema } from '../../src/base/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One request on a connection of its own, sent as it is; of a stream only the head is read. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The URL class would tidy up what the server has to meet untidied.
    const [, hostname = '', port = '', path = '/'] = /^http:\/\/([^:/]+):(\d+)(\/.*)?$/.exec(url) ?? [];
    const request = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const answered = (): void => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: Buffer.concat(chunks).toString() });
      };
      if ((response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
        answered();
        response.destroy();
        return;
      }
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', answered);
      response.once('error', reject);
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** Sends bytes as they are and reads until the server closes. */
export function sayRaw(port: number, bytes: string | Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket: Socket = connect({ port, host: '127.0.0.1' }, () => void socket.write(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that refuses to read on may reset the connection behind its answer.
    socket.once('error', (error) => (chunks.length === 0 ? reject(error) : undefined));
    socket.once('close', () => resolve(answerOf(Buffer.concat(chunks).toString())));
  });
}

function answerOf(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line) => line.split(/: */, 2)).map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(pairs), body };
}

/** An answer that says in one sentence what was wrong, whose fault it was, and nothing that is nobody's business. */
export function expectProblem(
  answer: Answer,
  { status, secrets, where }: { status: number | readonly number[]; secrets: readonly string[]; where: string },
): void {
  const about = `${where}: ${answer.status} ${answer.body.slice(0, 500)}`;
  expect([status].flat(), about).toContain(answer.status);
  expect(answer.headers['content-type'], about).toBe('application/problem+json');
  const problem = problemSchema.parse(JSON.parse(answer.body));
  expect(problem.status, about).toBe(answer.status);
  expect(problem.detail.length, about).toBeGreaterThan(10);
  expectNoSecret(answer, { secrets, where });
}

export function expectNoSecret(
  answer: Answer,
  { secrets, where }: { secrets: readonly string[]; where: string },
): void {
  const text = `${JSON.stringify(answer.headers)}${answer.body}`;
  for (const secret of secrets)
    expect(text.includes(secret), `${where} tells a secret: ${text.slice(0, 500)}`).toBe(false);
}
