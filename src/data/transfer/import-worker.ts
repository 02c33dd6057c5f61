import { serveWork } from '../../async/index.ts';
import { prepareImport } from './prepare-import.ts';

serveWork(prepareImport);
