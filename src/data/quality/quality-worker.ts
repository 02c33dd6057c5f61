import { serveWork } from '../../async/index.ts';
import type { AssessmentJob } from './assess-in-thread.ts';
import { assessQuality } from './quality.ts';

serveWork(async ({ bars, ...series }: AssessmentJob) => assessQuality(bars, series));
