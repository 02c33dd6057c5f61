import { serveWork } from '../async/index.ts';
import type { ModelQuestion } from './apply-in-thread.ts';
import { judgeBars } from './apply-model.ts';

serveWork(async ({ job, wanted }: ModelQuestion, { token }) => judgeBars(job, wanted, token));
