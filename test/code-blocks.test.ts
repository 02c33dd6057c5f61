import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A drawing or a formula: there is nothing to run. */
const drawing = 'drawing';

/** Which test runs, or checks, the blocks of which kind of which page. */
const runBy: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'CONTRIBUTING.md': { 'sh npm': 'code-blocks' },
  'README.md': { console: 'readme', sh: 'readme', 'sh npm': 'readme', 'sh stays-up': 'readme' },
  'docs/api.md': { js: 'api-page', ts: 'api-page' },
  'docs/architecture.md': { text: drawing, ts: 'code-blocks' },
  'docs/bar-store.md': { python: 'documents' },
  'docs/calendars.md': { ts: 'code-blocks' },
  'docs/cli.md': { sh: 'cli-page', text: 'cli-page' },
  'docs/configuration.md': { sh: 'configuration-page', yaml: 'configuration-page' },
  'docs/data.md': { sh: 'data-page', text: 'code-blocks' },
  'docs/developer-guide.md': { js: 'documents', ts: 'code-blocks' },
  'docs/gateway-simulator.md': { sh: 'gateway-simulator-page', yaml: 'gateway-simulator-page' },
  'docs/guide.md': { python: 'guide-page', sh: 'guide-page', 'sh stays-up': 'guide-page' },
  'docs/models.md': { python: 'models-page', sh: 'models-page' },
  'docs/operating.md': { ini: 'operating-page', sh: 'operating-page', 'sh stays-up': 'operating-page' },
  'docs/operations.md': { text: drawing },
  'docs/strategies.md': { sh: 'strategies-page', text: 'code-blocks', yaml: 'strategies-page' },
  'docs/training.md': { sh: 'training-page' },
};

/** Where a test takes the first block of its kind, and a second one would escape it. */
const single = [
  'docs/api.md js',
  'docs/bar-store.md python',
  'docs/configuration.md yaml',
  'docs/developer-guide.md ts',
  'docs/gateway-simulator.md sh',
  'docs/gateway-simulator.md yaml',
  'docs/guide.md python',
  'docs/models.md python',
  'docs/operating.md ini',
];

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/results.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

interface Block {
  readonly page: string;
  readonly kind: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  return [...read(page).matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
    page,
    kind,
    text,
  }));
}

const blocks = pages.flatMap(blocksOf);
const textOf = (page: string, kind: string): string =>
  blocks
    .filter((block) => block.page === page && block.kind === kind)
    .map(({ text }) => text)
    .join('\n');

describe('the blocks of code in the documents', () => {
  it('are all run or checked by a test that reads their page', () => {
    expect(blocks.length).toBeGreaterThan(200);
    const found: Record<string, Record<string, string>> = {};
    for (const { page, kind } of blocks) (found[page] ??= {})[kind] = runBy[page]?.[kind] ?? 'nobody';
    expect(found).toEqual(runBy);
    for (const [page, kinds] of Object.entries(runBy)) {
      for (const test of Object.values(kinds).filter((name) => name !== drawing)) {
        const path = `test/${test}.test.ts`;
        expect(existsSync(join(root, path)), path).toBe(true);
        expect(read(path), `${path} reads ${page}`).toContain(page);
      }
    }
  });

  it('are no more than their tests take', () => {
    for (const each of single) {
      const count = blocks.filter(({ page, kind }) => `${page} ${kind}` === each).length;
      expect(count, each).toBe(1);
    }
  });

  it('are fenced, so that none is overlooked', () => {
    for (const page of pages) {
      const prose = read(page).replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
      // Below an item of a list four spaces go on with it.
      const indented = [...prose.matchAll(/^(?![-*\d ])[^\n]*\n\n {4,}\S[^\n]*$/gm)].map(([text]) => text);
      expect(indented, page).toEqual([]);
      expect(prose, page).not.toMatch(/^ *(```|~~~)/m);
    }
  });
});

describe('types and calls that pages show', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => read(join('src', path)));

  it('are those of the code', () => {
    const type = textOf('docs/architecture.md', 'ts').trim();
    expect(
      sources.some((source) => source.includes(`export ${type}`)),
      type,
    ).toBe(true);
    const indicator = textOf('docs/developer-guide.md', 'ts');
    expect(read('src/indicators/roc.ts')).toContain(indicator);
    const calls = textOf('docs/calendars.md', 'ts');
    expect(parseSync('calls.ts', calls).errors).toEqual([]);
    const names = [...calls.matchAll(/(\w+)\(/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      expect(
        sources.some((source) => source.includes(`export function ${name}(`)),
        name,
      ).toBe(true);
    }
  });

  it('are what the program says where they show its output', () => {
    const said = [textOf('docs/data.md', 'text'), textOf('docs/strategies.md', 'text')];
    const parts = [
      ['its history rate', ' bars/s', ' requests left', 'ETA '],
      ['there is no key ', ' here', 'did you mean '],
    ];
    for (const [index, words] of parts.entries()) {
      for (const word of words) {
        expect(said[index]).toContain(word);
        expect(
          sources.some((source) => source.includes(word)),
          word,
        ).toBe(true);
      }
    }
  });

  it('are scripts that there are', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = [...textOf('CONTRIBUTING.md', 'sh npm').matchAll(/npm run (\S+)/g)].map(([, name = '']) => name);
    expect(named).toEqual(['ok']);
    for (const name of named) expect(scripts).toHaveProperty([name]);
    const files = [...read('CONTRIBUTING.md').matchAll(/\S+\.test\.ts/g)].map(([path]) => path);
    expect(files.length).toBeGreaterThan(3);
    for (const path of files) expect(existsSync(join(root, path)), path).toBe(true);
  });
});
