// What a short call to a host service costs through the pooled adapter, beside a connection of its own for each call
// and beside the bare pool that the adapter stands on. The host is a process of its own; every competitor sends the same
// headers, and parses the answer and checks it against the same schema. The adapter alone has a time limit, can be
// cancelled, and counts.
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Agent, fetch, Pool } from 'undici';
import { CancellationToken } from '../dist/async/index.js';
import { startChild } from './support/children.mjs';
import { getEcho, postEcho, sent } from './support/echo.mjs';
import { clientOf } from './support/hosts.mjs';
import { atLeast, atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msEach } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';
import { median } from './support/stats.mjs';

const echoHost = fileURLToPath(new URL('./support/echo-host.mjs', import.meta.url));
const token = CancellationToken.none;
const body = JSON.stringify(sent);
const accept = { accept: 'application/json, application/problem+json' };
const oneCall = new HttpAgent({ keepAlive: false });

await withResources(async ({ open, directory }) => {
  const { message: url } = open(await startChild(echoHost, { args: [directory] }));
  const adapter = open(clientOf(url));
  const pool = new Pool(url, { connections: 10 });
  open({ [Symbol.asyncDispose]: () => pool.destroy() });

  const routes = [
    { endpoint: getEcho, path: '/echo/7', ours: () => adapter.call(getEcho, { params: { count: 7 } }, token) },
    { endpoint: postEcho, path: '/echo', ours: () => adapter.call(postEcho, { body: sent }, token) },
  ];
  const rows = [];
  const notes = [];
  for (const { endpoint, path, ours } of routes) {
    const { method, response } = endpoint;
    const request =
      method === 'POST'
        ? { method, headers: { ...accept, 'content-type': 'application/json' }, body }
        : { method, headers: accept };
    const competitors = {
      ours,
      pool: async () => response.parse(await (await pool.request({ path, ...request })).body.json()),
      http: async () => response.parse(await callByHttp(url + path, request)),
      fetch: async () => response.parse(await callByFetch(url + path, request)),
    };
    // What all of it costs once it is compiled.
    for (const act of [competitors.ours, competitors.pool]) await msEach(sized(4_000, 20), act, 10);
    for (const act of [competitors.http, competitors.fetch]) await msEach(sized(1_000, 20), act, 10);
    for (const [wide, count] of [
      [1, sized(150, 5)],
      [10, sized(300, 10)],
    ]) {
      const timed = Object.entries(competitors).map(([key, act]) => [key, () => msEach(count, act, wide)]);
      const values = await interleaved(Object.fromEntries(timed), { rounds: 21, warmups: 2 });
      const how = `${method}, ${wide === 1 ? 'one after the other' : `${wide} at a time`}`;
      const bare = median(values.http.map((ms, round) => ms / values.pool[round]));
      notes.push(`${how}: the bare pool is ${bare.toFixed(2)}\u00D7 faster than node:http with a connection a call.`);
      const against = (what, peer, limit) =>
        row({ what: `${how}, against ${what}`, ours: values.ours, peer, format: formats.us, limit });
      rows.push(
        against('node:http, a connection a call', values.http, atLeast(3)),
        against('fetch, a client a call', values.fetch, atLeast(3)),
        against('a bare undici pool', values.pool, atMost(1.5)),
      );
    }
  }
  report({ title: 'A short call through the pooled adapter', rows, notes });
});

/** A connection for this call alone. */
function callByHttp(url, { method, headers, body: content }) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: oneCall }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    request.end(content);
  });
}

/** A client, and with it a connection, for this call alone. */
async function callByFetch(url, options) {
  const dispatcher = new Agent();
  const value = await (await fetch(url, { ...options, dispatcher })).json();
  await dispatcher.close();
  return value;
}
