import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { rooms } from '../scripts/check-rooms.mjs';
import { KtrdrError } from '../src/base/index.ts';
import { errorCodes } from '../src/base/errors.ts';
import { calendarIds, spanKinds } from '../src/market/index.ts';
import { socketLimits } from '../src/service/listen.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const run = promisify(execFile);

describe('the README', () => {
  const readme = read('README.md');

  it('shows commands that work, one after the other, as they are written', { timeout: 90_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path]);
    const [, url = ''] = await up.until(/API on (\S+),/);
    const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    );
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name], command).toEqual(['npx', 'ktrdr']);
      const result = await ktrdr(args, { KTRDR_API_URL: url, KTRDR_HOME: home.path });
      expect(result.code, `${command}\n${result.stderr}`).toBe(0);
    }
  });

  it('names the exit code of every error and only settings that exist', () => {
    for (const code of errorCodes) {
      const { exitCode } = new KtrdrError(code, '');
      expect(readme, code).toMatch(new RegExp(`\\b${exitCode}\\b`));
    }
    const settings = read('src/config/settings.ts');
    const [, ofConfiguration = ''] = /## One process or many\n([\s\S]*?)\n## /.exec(readme) ?? [];
    const named = [...ofConfiguration.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !settings.includes(`${name}:`))).toEqual([]);
  });
});

describe('the page about calendars', () => {
  it('tells of every calendar and of every kind of span', () => {
    const named = [...read('docs/calendars.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(named).toEqual([...calendarIds, ...spanKinds]);
  });
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

  it('links to pages that exist, as every document does', () => {
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    for (const document of ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)]) {
      for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
        expect(() => readdirOrRead(join(root, dirname(document), target)), `${document}: ${target}`).not.toThrow();
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

function readdirOrRead(path: string): unknown {
  return path.endsWith('/') ? readdirSync(path) : readFileSync(path);
}
