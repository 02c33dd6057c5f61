import { describe, expect, it } from 'vitest';
import type { CliCommand } from './cli-command.ts';
import { commandsOf, isNoun } from './command-tree.ts';
import { createProgram } from './program.ts';

const treeOf = async (): Promise<CliCommand[]> => commandsOf(await createProgram(() => {}));
const commands = await treeOf();
const leaves = commands.filter((command) => !isNoun(command));

/** Commands whose output is for one reader alone, and who that is. */
const withoutJson: Readonly<Record<string, string>> = {
  'ktrdr completion': 'prints what a shell reads',
  'ktrdr demo': 'a show for people; what it does is done by commands that have it',
  'ktrdr strategies schema': 'prints a JSON Schema, which has a form of its own',
};

/** Options that mean the same thing, of something else in each place. */
const saidDifferently = new Set(['--timeframe', '--seed', '--json', '--ndjson', '--follow']);

describe('the tree of commands', () => {
  it.each(commands.map((command) => [command.path, command] as const))('%s explains itself', (path, command) => {
    expect(command.description()).not.toBe('');
    expect(command.exampleLines.length).toBeGreaterThan(0);
    for (const line of command.exampleLines)
      expect(line).toMatch(new RegExp(`\\b${isNoun(command) ? 'ktrdr' : path}\\b`));
    for (const { description, flags } of command.options) expect(description, flags).not.toBe('');
    for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('');
  });

  it('answers in JSON everywhere', () => {
    const without = leaves.filter(({ options }) => !options.some(({ long }) => long === '--json'));
    expect(without.map(({ path }) => path).filter((path) => !(path in withoutJson))).toEqual([]);
  });

  it('calls the same thing the same everywhere', () => {
    const known = new Map<string, { flags: string; description: string; path: string }>();
    const ofShort = new Map<string, string>();
    for (const { path, options } of commands) {
      for (const { flags, long, short, description } of options) {
        const name = long ?? flags;
        const words = description.replace(/ \(default: .*\)$/, '');
        const first = known.get(name) ?? { flags, description: words, path };
        known.set(name, first);
        expect(flags, `${name} of "${path}" and of "${first.path}"`).toBe(first.flags);
        if (!saidDifferently.has(name)) {
          expect(words, `${name} of "${path}" and of "${first.path}"`).toBe(first.description);
        }
        if (short !== undefined) expect(ofShort.get(short) ?? name, `${short} of "${path}"`).toBe(name);
        if (short !== undefined) ofShort.set(short, name);
      }
    }
  });

  it('has examples that it understands', async () => {
    for (const line of commands.flatMap(({ exampleLines }) => exampleLines)) {
      const [, args = ''] = /^(?:source <\(|eval "\$\()?(?:[A-Z_]+=\S+ )*ktrdr ([^|>&)]+)/.exec(line) ?? [];
      const program = await treeOf();
      const heard: string[] = [];
      for (const command of program) if (!isNoun(command)) command.action(() => void heard.push(command.path));
      await program[0]?.parseAsync(wordsOf(args), { from: 'user' });
      expect(heard, line).toHaveLength(1);
      expect(line).toContain(heard[0]);
    }
  });

  it.each(commands.filter(isNoun).map((command) => [command.name(), command] as const))(
    '%s has the help that people have seen',
    async (name, command) => {
      await expect(helpOf(command)).toMatchFileSnapshot(`help/${name}.txt`);
    },
  );
});

/** What `--help` prints, with everything that was added below. */
function helpOf(command: CliCommand): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

/** The words of a command line as a shell would give them, as far as examples have need of it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
