import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a bench in a folder of its own, and closes what it has opened, last first, however it ends. */
export async function withResources(act) {
  const opened = [];
  const open = (resource) => {
    opened.push(resource);
    return resource;
  };
  const directory = await mkdtemp(join(tmpdir(), 'ktrdr-bench-'));
  try {
    return await act({ open, directory });
  } finally {
    for (const resource of opened.reverse()) {
      if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
      else resource[Symbol.dispose]();
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
