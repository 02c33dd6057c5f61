import { serveWork } from '../async/index.ts';
import type { BarToExplain } from './apply-in-thread.ts';
import { explainBar } from './apply-model.ts';

serveWork(async ({ job, at }: BarToExplain, { token }) => explainBar(job, at, token));
