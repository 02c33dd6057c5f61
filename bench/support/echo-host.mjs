// A host service with two small endpoints, in a process of its own. Its folder is the first argument.
import { implement } from '../../dist/service/index.js';
import { serveParent } from './children.mjs';
import { getEcho, postEcho, sent } from './echo.mjs';
import { startHost } from './hosts.mjs';

const host = await startHost({
  directory: process.argv[2],
  endpoints: [
    implement(getEcho, ({ params: { count } }) => ({ ...sent, count })),
    implement(postEcho, ({ body }) => body),
  ],
});
serveParent(host);
