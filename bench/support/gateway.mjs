// A simulated gateway without pacing, in a process of its own.
import { startGatewaySimulator } from '../../dist/ib/index.js';
import { serveParent } from './children.mjs';

const gateway = await startGatewaySimulator({ enforcePacing: false });
serveParent({ url: String(gateway.port), [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() });
