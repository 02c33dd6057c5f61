import { cpus } from 'node:os';
import type { Machine } from './model-record.ts';

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    architecture: process.arch,
    // Some systems do not tell.
    processor: cpus()[0]?.model.trim() || 'unknown processor',
    node: process.versions.node,
  };
}
