import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { commandsOf, isNoun } from './command-tree.ts';
import { createProgram } from './program.ts';
import { runCommandLine } from './run-command-line.ts';

const noApi = ['--api', 'http://127.0.0.1:9/api/v1'];

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(
  argv: readonly string[],
  create = createProgram,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  const code = await runCommandLine(argv, create);
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

  it('refuses a Node that is too old before it does anything, but for the doctor', async () => {
    const current = process.version;
    const pretend = (version: string): void => void Object.defineProperty(process, 'version', { value: version });
    try {
      pretend('v18.20.8');
      const message = 'error: ktrdr needs Node 20.19.0 or newer, and this is v18.20.8. Install a newer one.\n';
      expect(await run(['strategies', 'list'])).toEqual({ code: 5, stdout: '', stderr: message });
      expect((await run([...noApi, 'doctor'])).stdout).toMatch(/^fail {2}node +v18\.20\.8/);
      expect(await run(['ops', '--help'])).toMatchObject({ code: 0, stderr: '' });
    } finally {
      pretend(current);
    }
  });

  it('prints help to stdout for who asks for it, to stderr for who forgets the command', async () => {
    expect(await run(['ops', '--help'])).toMatchObject({ code: 0, stderr: '' });
    const forgotten = await run(['ops']);
    expect(forgotten).toMatchObject({ code: 2, stdout: '' });
    expect(forgotten.stderr).toMatch(/^Usage: ktrdr ops/);
  });

  it.each([
    [['help', 'data', 'load'], /^Usage: ktrdr data load /],
    [['data', 'help', 'load'], /^Usage: ktrdr data load /],
    [['--quiet', 'help', 'ops'], /^Usage: ktrdr ops /],
    [['help', 'doctor'], /^Usage: ktrdr doctor /],
    [['help', 'completion', 'bash'], /^Usage: ktrdr completion /],
    [['help'], /^Usage: ktrdr \[options\]/],
  ])('shows the help that %j names', async (argv, usage) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(usage);
  });

  it.each([
    [['help', 'dta'], "error: unknown command 'dta'. Did you mean data?\n"],
    [['dta', '--help'], "error: unknown command 'dta'. Did you mean data?\n"],
    [['help', 'data', 'lod'], "error: unknown command 'lod'. Did you mean load?\n"],
    [['data', 'help', 'lod'], "error: unknown command 'lod'. Did you mean load?\n"],
    [['data', 'lod', '--help'], "error: unknown command 'lod'. Did you mean load?\n"],
    [['help', 'xyzzy'], 'error: unknown command \'xyzzy\'. See "ktrdr --help".\n'],
  ])('has no help for %j', async (argv, stderr) => {
    expect(await run(argv)).toEqual({ code: 2, stdout: '', stderr });
  });

  it.each([
    ['ib.gatway.port', 'There is no setting "ib.gatway.port"; did you mean "ib.gateway.port"?\n'],
    ['api', '"api" is a group of settings: use one of api.host, api.port, api.url.\n'],
  ])('ends the sentence about the setting %s once', async (name, end) => {
    const { code, stderr } = await run(['config', 'get', name]);
    expect(code).toBe(2);
    expect(stderr).toContain(` is invalid for argument 'setting'. ${end}`);
  });
});

/** The program with commands that only hear that they were called. */
async function quietProgram(...given: Parameters<typeof createProgram>): ReturnType<typeof createProgram> {
  const program = await createProgram(...given);
  for (const command of commandsOf(program)) if (!isNoun(command)) command.action(() => {});
  return program;
}

describe('any command line', async () => {
  const commands = commandsOf(await createProgram(() => {}));
  const flags = commands.flatMap(({ options }) => options.flatMap(({ long, short }) => [long ?? '', short ?? '']));
  const plausible = [
    'AAPL',
    '1h',
    'momentum@v2',
    '2024-03-08',
    '-1',
    '0',
    '1e309',
    '99999999999999999999',
    'true',
    '--',
  ];
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      '',
      ' ',
      '-',
      '--=',
      '--json=',
      '--limit=',
      '-n',
      '@',
      '\n(Did you mean --help?)',
      '\u001b[2J',
      '\u202e',
    ),
    fc.constantFrom('x'.repeat(6_000), `--${'"'.repeat(6_000)}`, '\u001b'.repeat(6_000)),
  );
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...flags.filter((flag) => flag !== '')) },
    { weight: 2, arbitrary: fc.constantFrom(...plausible) },
    { weight: 1, arbitrary: fc.constantFrom(...commands.map((command) => command.name())) },
    { weight: 2, arbitrary: nasty },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...flags), nasty).map(([flag, value]) => `${flag}=${value}`) },
  );
  const line = fc
    .tuple(fc.constantFrom(...commands.map(({ path }) => path.split(' ').slice(1))), fc.array(word, { maxLength: 8 }))
    .map(([path, words]) => [...path, ...words]);

  it('is understood, or refused in one line and with the exit code for it', async () => {
    await fc.assert(
      fc.asyncProperty(line, async (argv) => {
        const { code, stdout, stderr } = await run(argv, quietProgram);
        expect(stderr).not.toMatch(/^\s+at /m);
        if (code === 0) return;
        expect(code, 'nothing was done, so nothing else can have failed').toBe(2);
        expect(stdout).toBe('');
        if (stderr.startsWith('Usage: ')) return;
        expect(stderr.length).toBeLessThan(2_000);
        expect(stderr).toMatch(/^[^\p{Cc}]+\n$/u);
        if (stderr.startsWith('{')) expect(JSON.parse(stderr)).toMatchObject({ exitCode: 2, code: 'invalid_input' });
        else expect(stderr).toMatch(/^error: \S/);
      }),
      { numRuns: 500 },
    );
  });
});
