// What the program uses of undici. The whole of it (fetch, caches, mocks, WebSockets) takes every command three times as long to read.
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import api from 'undici/lib/api/index.js';

export { default as Pool } from 'undici/lib/dispatcher/pool.js';

Object.assign(Dispatcher.prototype, api);
