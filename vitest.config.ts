import { pathToFileURL } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const root = pathToFileURL(`${import.meta.dirname}/`).href;

/**
 * Threads and child processes always run the compiled program: under test, a module's own URL is that of its compiled
 * twin, so `new URL('./train-worker.js', import.meta.url)` finds the same file here as in production.
 */
const compiledUrls: Plugin = {
  name: 'compiled-urls',
  enforce: 'pre',
  transform(code, id) {
    const path = id.split('?')[0] ?? id;
    const url = pathToFileURL(path).href;
    if (!url.startsWith(`${root}src/`) || path.endsWith('.test.ts') || !code.includes('import.meta.url')) return null;
    const compiled = url.replace(`${root}src/`, `${root}dist/`).replace(/\.ts$/, '.js');
    return { code: code.replaceAll('import.meta.url', JSON.stringify(compiled)), map: null };
  },
};

const common = { pool: 'forks', testTimeout: 20_000, hookTimeout: 20_000 } as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    projects: [
      {
        plugins: [compiledUrls],
        test: { ...common, name: 'rooms', include: ['src/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        plugins: [compiledUrls],
        // Whole systems of several processes each, with limits of time to keep: one after the other, with the cores to themselves.
        test: { ...common, name: 'system', include: ['test/**/*.test.ts'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
