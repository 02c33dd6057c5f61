// A thread entry: the loop of `loopWork`, which never yields to its event loop.
import { serveWork } from '../../dist/async/index.js';

const roundMs = 0.3;

serveWork(async ({ rounds }, { token, progress }) => {
  for (let done = 0; done < rounds; done += 1) {
    token.throwIfCancelled();
    progress.report({ done, total: rounds });
    const until = performance.now() + roundMs;
    while (performance.now() < until);
  }
  return { rounds };
});
