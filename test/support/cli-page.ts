import { errorCodes } from '../../src/base/errors.ts';
import { KtrdrError } from '../../src/base/index.ts';
import type { CliCommand } from '../../src/apps/cli/cli-command.ts';
import { commandsOf, isNoun } from '../../src/apps/cli/command-tree.ts';

const columns = 100;

/** The page about the command line, docs/cli.md, as the tree of commands has it. */
export function cliPage(program: CliCommand): string {
  const nouns = program.subcommands.filter(isNoun);
  const verbs = commandsOf(program).filter((command) => command.parent === program && !isNoun(command));
  return [
    beginning,
    '## Options of every command',
    block('text', program.createHelp().visibleOptions(program).map(optionLine).join('\n')),
    ...verbs.flatMap((command) => [`## ${command.path}`, ...body(command)]),
    ...nouns.flatMap((noun) => [
      `## ${noun.path}`,
      sentence(noun.description()),
      ...commandsOf(noun)
        .slice(1)
        .flatMap((command) => [`### ${command.path}`, ...body(command)]),
    ]),
    '## Long work',
    longWords,
    '## Results for programs',
    resultsWords,
    schemaNames(program)
      .map((name) => `- \`${name}\``)
      .join('\n'),
    '## Exit codes',
    exitWords,
    exitCodes(),
    ending,
  ].join('\n\n');
}

/** The names of all shapes that `--json` prints, in the order of the alphabet. */
export function schemaNames(program: CliCommand): string[] {
  const named = commandsOf(program)
    .filter(({ options }) => options.some(({ long }) => long === '--json'))
    .map(({ path }) => `${path.replaceAll(' ', '.')}/1`);
  return [
    ...named,
    'ktrdr.data.plan/1',
    'ktrdr.error/1',
    'ktrdr.event/1',
    'ktrdr.ops.detached/1',
    'ktrdr.ops.line/1',
  ].toSorted();
}

function body(command: CliCommand): string[] {
  const help = command.createHelp();
  const local = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const lines = [
    help.commandUsage(command),
    ...(command.registeredArguments.length > 0 ? [''] : []),
    ...command.registeredArguments.map((argument) =>
      entryLines(help.argumentTerm(argument), help.argumentDescription(argument)),
    ),
    ...(local.length > 0 ? [''] : []),
    ...local.map(optionLine),
  ];
  return [
    sentence(command.description()),
    block('text', lines.join('\n')),
    block('sh', command.exampleLines.join('\n')),
  ];
}

function optionLine(option: CliCommand['options'][number]): string {
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.join(', ')}`;
  const usual = option.defaultValueDescription ?? (isShown(option.defaultValue) ? String(option.defaultValue) : '');
  return entryLines(option.flags, `${option.description}${choices}${usual === '' ? '' : ` (default: ${usual})`}`);
}

function isShown(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** A term and what it means, broken to the width of the page. */
function entryLines(term: string, description: string): string {
  const indent = 31;
  const lines: string[] = [];
  let line = `  ${term.padEnd(indent - 4)}  `;
  for (const word of description.split(' ')) {
    if (line.length + word.length > columns && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function exitCodes(): string {
  const rows: [number, string][] = [
    [0, 'done'],
    ...errorCodes.map((code): [number, string] => [new KtrdrError(code, '').exitCode, `\`${code}\``]),
    ...furtherExitCodes,
  ];
  return rows
    .toSorted(([first], [second]) => first - second)
    .map(([code, meaning]) => `- ${code}: ${meaning}`)
    .join('\n');
}

/** Of commands that have done what they can: what they found is their result. */
export const furtherExitCodes: readonly [number, string][] = [
  [1, '`doctor` has found something that fails; all that it found is printed'],
  [12, 'loaded, but bars that the calendar expects are still missing; the result is printed'],
  [143, 'ended by SIGTERM'],
];

const beginning = `# The command line

This page is made from the tree of commands; \`ktrdr COMMAND --help\` prints the same. Results go to stdout, everything about the
work itself (progress, notes, warnings, errors) to stderr.`;

const longWords = `Commands that start an operation of the API, and \`ops follow\`, show it in the same way. On a terminal that is a line on
stderr that is drawn over, one more for each child that is at work, and one that says what keys do; a child that has ended leaves a
line. The time left is told as two numbers, not exceeded in half and in nine tenths of all cases, once enough work of the kind has
been done. Where stderr is no terminal, with \`TERM=dumb\` and in the background of a shell, there are lines with time between them
instead; with \`--quiet\` there is nothing.

- The first Ctrl-C has the operation cancelled, and says so before the API has answered. In \`ops follow\` it stops watching.
- \`d\` leaves the operation running, as \`--detach\` does from the start: its id goes to stdout, how to follow it to stderr, and the
  exit code is 0.
- Ctrl-Z and Ctrl-\\ do what they always do, and the terminal is left as it was found.
- While the API is away, as during a restart, the command says so and looks again for two minutes; then it ends with \`unavailable\`.
  \`ops cancel\` does the same.
- \`--ndjson\` prints each state of the operation as a line on stdout, \`ktrdr.event/1\` with \`event\` (\`started\`, \`progress\` or
  \`ended\`) and \`operation\`; the last line is what \`--json\` prints. What was left running prints \`ktrdr.ops.detached/1\`.
  A line of \`ops logs --ndjson\` is a \`ktrdr.ops.line/1\`.`;

const resultsWords = `With \`--json\` a command prints exactly one JSON object on stdout. Its first key, \`schema\`, names the shape of the rest; the
number at its end grows when a program that reads it would break, and new keys may come at any time. When a command fails, stdout
stays empty and the last line of stderr is an object, \`ktrdr.error/1\`, with \`code\`, \`detail\`, \`exitCode\` and, where there
are any, \`details\` ([errors](errors.md)). The lines above it are progress and notes for people, which \`--quiet\` leaves out. Some
results say themselves what is wrong, such as those of \`doctor\`, \`data verify\` and \`strategies validate\`: they are printed
without an error object, and the exit code tells. The shapes:`;

const exitWords =
  'The number that a command ends with tells how it went; [errors](errors.md) says what each name means. A wrong command line counts as `invalid_input`.';

const ending = `## Signals

The first Ctrl-C (SIGINT) cancels the work and waits until it has stopped ([long work](#long-work)). The second one ends the
command at once, and names the operation that may not have stopped yet. The exit code is 130 either way. SIGTERM cancels as well,
and ends with 143. When the terminal goes away (SIGHUP), a command ends and leaves the work running; \`ktrdr up\` ends at once, and
its next start goes on with what was interrupted.

## Environment

Every setting has a variable, a place in a file, and some have an option; [configuration](configuration.md) lists them and says
which one decides. \`NO_COLOR\`, \`FORCE_COLOR\` and \`TERM\` are honoured in what is printed. Bars
and marks are drawn in ASCII if the first of \`LC_ALL\`, \`LC_CTYPE\` and \`LANG\` that is set names another character set than UTF-8,
as \`C\` does, and on the console of Linux.
`;
