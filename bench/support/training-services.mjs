// The API of a home or, without the address of one as the second argument, its training host, in a process of its own.
import { startApi } from '../../dist/apps/api.js';
import { startTrainingHost } from '../../dist/apps/training-host.js';
import { silentLogger } from '../../dist/base/index.js';
import { processSettings } from '../../dist/config/index.js';
import { serveParent } from './children.mjs';

const [home, trainingHost] = process.argv.slice(2);
const where = { port: 0, log: silentLogger };
const settings = await processSettings({
  KTRDR_HOME: home,
  KTRDR_API_PORT: '0',
  USE_TRAINING_HOST_SERVICE: String(trainingHost !== undefined),
  TRAINING_HOST_SERVICE_URL: trainingHost,
});
serveParent(trainingHost === undefined ? await startTrainingHost(settings, where) : await startApi(settings, where));
