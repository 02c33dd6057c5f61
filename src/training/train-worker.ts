import { serveWork } from '../async/index.ts';
import { trainOnBars } from './train-on-bars.ts';

serveWork(trainOnBars);
