import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rooms } from '../scripts/check-rooms.mjs';
import { KtrdrError, parse } from '../src/base/index.ts';
import { errorCodes } from '../src/base/errors.ts';
import { BarStore } from '../src/data/index.ts';
import { parseSymbol } from '../src/ib/contract.ts';
import { defaultPacingLimits } from '../src/ib/pacing/pacing.ts';
import { barsFromRows, calendarIds, calendarOf, expectedBars, spanKinds } from '../src/market/index.ts';
import { socketLimits } from '../src/service/listen.ts';
import { furtherExitCodes } from './support/cli-page.ts';
import { ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const run = promisify(execFile);

describe('the page about calendars', () => {
  it('tells of every calendar and of every kind of span', () => {
    const named = [...read('docs/calendars.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(named).toEqual([...calendarIds, ...spanKinds]);
  });
});

describe('the page about Interactive Brokers', () => {
  const page = read('docs/interactive-brokers.md').replaceAll(/ +/g, ' ');

  it('states the rules that are kept', () => {
    const { messages, history, small, smallPerInstrument, identicalMs, inFlight } = defaultPacingLimits;
    for (const row of [
      `| messages | 50 per second | ${messages.count} per second |`,
      `| bars of 30 s or less and first-bar questions | 60 per 10 minutes | ${small.count} per ${small.ms / 60_000} minutes |`,
      `| the same, for one instrument | 6 per 2 s | ${smallPerInstrument.count} per ${smallPerInstrument.ms / 1_000} s |`,
      `| longer bars | soft | ${history.count} per ${history.ms / 1_000} s |`,
      `| the same request again | after 15 s | after ${identicalMs / 1_000} s |`,
      `| open requests | 50 | ${inFlight}, fewer when slow |`,
    ]) {
      expect(page).toContain(row);
    }
  });

  it('names the exit codes that the program has, and spellings that it reads', () => {
    for (const [, code = '', exit = ''] of page.matchAll(/`(\w+)` (?:and|\()\s*exit code (\d+)/g)) {
      const { exitCode } = new KtrdrError(parse(z.enum(errorCodes), code, 'A code'), '');
      expect(Number(exit), code).toBe(exitCode);
    }
    const [, table = ''] = /\| Instrument [^\n]+\n([\s\S]*?)\n\n/.exec(page) ?? [];
    const spellings = table.split('\n').flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)]);
    expect(spellings.length).toBeGreaterThan(7);
    for (const [, spelling = ''] of spellings) expect(() => parseSymbol(spelling), spelling).not.toThrow();
  });
});

describe('the page about the bar store', () => {
  const python = process.env['KTRDR_BENCH_PYTHON'];

  it.skipIf(python === undefined)(
    'shows how pandas reads a series (skipped where KTRDR_BENCH_PYTHON names no Python with pandas)',
    async () => {
      await using home = await temporaryDirectory();
      await using store = await BarStore.open(join(home.path, 'bars'));
      const { start } = expectedBars(calendarOf('us_equities'), '1h', {
        start: Date.UTC(2022, 5),
        end: Date.UTC(2023, 5),
      });
      const bars = barsFromRows([...start].map((time) => ({ time, open: 2, high: 3, low: 1, close: 2, volume: 5 })));
      await store.append({ symbol: 'AAPL', timeframe: '1h' }, { calendar: 'us_equities', bars, confirmedEmpty: [] });
      const [, snippet = ''] = /```python\n([\s\S]*?)```/.exec(read('docs/bar-store.md')) ?? [];
      const script = snippet.replace('/home/me/.local/share/ktrdr', home.path);
      const shown =
        'print(len(bars), bars.time.is_monotonic_increasing, bars.time.iloc[0].isoformat(), bars.close.sum())';
      const { stdout } = await run(python ?? '', ['-c', `${script}${shown}`]);
      const first = new Date(start[0] ?? 0).toISOString().replace('.000Z', '+00:00');
      expect(stdout.trim()).toBe(`${start.length} True ${first} ${(2 * start.length).toFixed(1)}`);
    },
  );
});

describe('the architecture page', () => {
  const page = read('docs/architecture.md');
  const section = (title: string): string =>
    new RegExp(`## ${title}[^\\n]*\\n([\\s\\S]*?)(\\n## |$)`).exec(page)?.[1] ?? '';
  const rows = (text: string): string[][] =>
    [...text.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));

  it('lists the rooms that the gate checks', () => {
    const listed = rows(section('The rooms')).map(([name = '']) => /^`(\w+)`$/.exec(name)?.[1]);
    expect(listed.filter((name) => name !== undefined)).toEqual(Object.keys(rooms));
  });

  it('leads from each word of the specification to something in the code', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => read(join('src', path)));
    const here = rows(section("The specification's words"))
      .map(([, cell = '']) => cell)
      .slice(2);
    expect(here.length).toBeGreaterThan(10);
    for (const cell of here) {
      const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      expect(names.length, cell).toBeGreaterThan(0);
      for (const name of names.filter((text) => !text.includes('/'))) {
        const pattern = new RegExp(`\\b${name}\\b`);
        expect(
          sources.some((source) => pattern.test(source)),
          `${name} in "${cell}"`,
        ).toBe(true);
      }
    }
  });

  it('links to pages and headings that exist, as every document does', () => {
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    for (const document of ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)]) {
      for (const [, target = '', anchor] of read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
        const path = target === '' ? document : join(dirname(document), target);
        expect(() => readdirOrRead(join(root, path)), `${document}: ${target}`).not.toThrow();
        if (anchor !== undefined) expect(anchorsOf(read(path)), `${document}: ${target}`).toContain(anchor);
      }
    }
  });
});

describe('the table of errors', () => {
  it('says what the code says', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\| `(\w+)` +\| +(\d+) \| +(yes|no) +\| +(\d+) \| \S/gm)];
    const listed = rows.map(([, code, status, retry, exit]) => [code, Number(status), retry === 'yes', Number(exit)]);
    expect(listed).toEqual(
      errorCodes.map((code) => {
        const { httpStatus, retryable, exitCode } = new KtrdrError(code, '');
        return [code, httpStatus, retryable, exitCode];
      }),
    );
  });

  it('has every other exit code that the page about the command line has', () => {
    const listed = [...read('docs/errors.md').matchAll(/^- (\d+): (.*)$/gm)];
    expect(listed.map(([, code, meaning]) => [Number(code), meaning])).toEqual(furtherExitCodes);
    const taken = new Set(errorCodes.map((code) => new KtrdrError(code, '').exitCode));
    for (const [code] of furtherExitCodes) expect(taken).not.toContain(code);
  });
});

describe('the page on security', () => {
  it('states the limits that servers have', () => {
    const { headerBytes, headersMs, requestMs, keepAliveMs, requests, deafMs } = socketLimits;
    const page = read('docs/security.md').replaceAll(/ +/g, ' ');
    expect(requestMs).toBe(headersMs);
    for (const row of [
      `| request line and headers | ${headerBytes / 1_024} KiB |`,
      `| time for the headers, and for the whole request | ${headersMs / 1_000} s, `,
      `| idle connection | ${keepAliveMs / 1_000} s |`,
      `| requests on one connection | ${requests.toLocaleString('en-US')} |`,
      `| a reader who takes nothing of what is ready for it | ${deafMs / 1_000} s |`,
    ]) {
      expect(page).toContain(row);
    }
  });
});

describe('the examples', () => {
  const scripts = [
    ...readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs')),
    'seasonality/run.mjs',
  ];

  it('are what the developer guide shows', () => {
    const sources = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => read(join('examples', name)));
    const snippets = [...read('docs/developer-guide.md').matchAll(/```js\n([\s\S]*?)\n```/g)].map(
      ([, text = '']) => text,
    );
    expect(snippets.length).toBeGreaterThan(6);
    expect(snippets.filter((snippet) => !sources.some((source) => source.includes(snippet)))).toEqual([]);
  });

  it.each(scripts)('%s runs', { timeout: 30_000 }, async (name) => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', name)]);
    expect(stdout).toMatch(/^result: /m);
  });
});

describe('the package', () => {
  it('has the version that the program says it has', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect((await ktrdr(['--version'])).stdout.trim()).toBe(version);
  });
});

/** What can follow `#` in a link to the page: headings in lower case; the second one of a name has `-1` at its end. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return [...page.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  });
}

function readdirOrRead(path: string): unknown {
  return path.endsWith('/') ? readdirSync(path) : readFileSync(path);
}
