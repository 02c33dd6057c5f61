import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from './run-command-line.ts';

const noApi = ['--api', 'http://127.0.0.1:9/api/v1'];

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  const code = await runCommandLine(argv);
  vi.restoreAllMocks();
  return { code, ...written };
}

describe('runCommandLine()', () => {
  it('tells a wrong command line in one line, and as one object with --json', async () => {
    const args = ['ops', 'list', '--limit', '0'];
    const sentence = /option '-n, --limit <count>' argument '0' is invalid\. Use 1 to 1000\./;
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toMatch(sentence);
    const asJson = await run([...args, '--json']);
    expect(asJson).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(asJson.stderr)).toEqual({
      schema: 'ktrdr.error/1',
      code: 'invalid_input',
      detail: expect.stringMatching(sentence) as string,
      exitCode: 2,
    });
  });

  it('tells an error of the work with its facts', async () => {
    const { code, stdout, stderr } = await run([...noApi, 'ops', 'list', '--json']);
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ schema: 'ktrdr.error/1', code: 'unavailable', exitCode: 8 });
  });

  it('prints help to stdout for who asks for it, to stderr for who forgets the command', async () => {
    expect(await run(['ops', '--help'])).toMatchObject({ code: 0, stderr: '' });
    const forgotten = await run(['ops']);
    expect(forgotten).toMatchObject({ code: 2, stdout: '' });
    expect(forgotten.stderr).toMatch(/^Usage: ktrdr ops/);
  });
});
