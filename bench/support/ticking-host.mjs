// A host service, in a process of its own, whose work reports progress so many times a second, with the time of the
// report in its context. Its folder is the first argument.
import { systemClock } from '../../dist/async/index.js';
import { serveParent } from './children.mjs';
import { startHost } from './hosts.mjs';
import { ticking, wallClock } from './ticking.mjs';

const host = await startHost({
  directory: process.argv[2],
  prepare: (orchestrator) =>
    orchestrator.register(ticking, async ({ perSecond, seconds }, { token, progress }) => {
      const total = perSecond * seconds;
      const begun = systemClock.elapsed();
      for (let done = 1; done <= total; done += 1) {
        await systemClock.sleep(Math.max(0, begun + (done * 1_000) / perSecond - systemClock.elapsed()), token);
        progress.report({ done, total, context: { reportedAt: wallClock() } });
      }
      return { reports: total };
    }),
});
serveParent(host);
