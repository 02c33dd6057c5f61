import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { KtrdrError, parse, suggestion, systemCode, whyNot, writeNewFile } from '../../../base/index.ts';
import {
  checkStrategy,
  indicatorTable,
  keyTable,
  lineOf,
  migrateStrategy,
  nameSchema,
  strategyJsonSchema,
} from '../../../strategies/index.ts';
import { shellWord } from '../completion/shell-word.ts';
import { readStrategyText } from './strategy-file.ts';
import { strategyTemplates, templateFile } from './strategy-templates.ts';
import { colours, printJson, terminal } from '../terminal.ts';

export interface NewOptions {
  from: string;
  output?: string;
  json?: boolean;
}

export interface MigrateOptions {
  output?: string;
  json?: boolean;
}

export interface SchemaOptions {
  format: 'json' | 'markdown';
}

const schemaFile = 'strategy.schema.json';

/** Writes a template under another name, and beside it the schema that an editor checks it by. */
export async function create(name: string, { from, output = `${name}.yaml`, json = false }: NewOptions): Promise<void> {
  parse(nameSchema, name, 'The name of the strategy');
  const known = await strategyTemplates();
  if (!known.includes(from)) {
    throw new KtrdrError('not_found', `There is no template "${from}"; ${suggestion(from, known)}`);
  }
  const template = await readFile(templateFile(from), 'utf8');
  const text = `# yaml-language-server: $schema=${schemaFile}\n${template.replaceAll(from, name)}`;
  await write(output, text);
  const beside = join(dirname(output), schemaFile);
  const isNew = await write(beside, schemaText()).then(
    () => true,
    (thrown: unknown) => {
      if (KtrdrError.from(thrown).code === 'conflict') return false;
      throw thrown;
    },
  );
  if (json) {
    printJson('ktrdr.strategies.new/1', { name, from, file: output, schemaFile: beside });
    return;
  }
  terminal.print(`${output} is written${isNew ? `, and ${beside} for editors` : ''}.`);
  terminal.print(
    `Change it, check it with "ktrdr strategies validate ${shellWord(output)}", train it with "ktrdr models train ${shellWord(output)}".`,
  );
}

/** Writes an older strategy anew, tells what changed, and what is left to be done where it is not valid. */
export async function migrate(
  file: string,
  { output = besideOf(file), json = false }: MigrateOptions,
): Promise<number> {
  const { text, from, changes } = migrateStrategy(await readStrategyText(file), file);
  await write(output, text);
  const { strategy, issues } = checkStrategy(text, output);
  const exitCode = strategy === undefined ? 2 : 0;
  if (json) {
    printJson('ktrdr.strategies.migrate/1', { file: output, from, changes, valid: strategy !== undefined, issues });
    return exitCode;
  }
  for (const change of changes) terminal.print(lineOf(file, change));
  terminal.print(`${output} is written in grammar 3.0, from grammar ${from}; ${file} is as it was.`);
  for (const issue of issues) {
    terminal.note(
      `${issue.severity === 'error' ? colours.red('error:') : colours.yellow('warning:')} ${lineOf(output, issue)}`,
    );
  }
  return exitCode;
}

function besideOf(file: string): string {
  const extension = extname(file);
  return join(dirname(file), `${basename(file, extension)}.v3${extension === '' ? '.yaml' : extension}`);
}

export async function schema({ format }: SchemaOptions): Promise<void> {
  if (format === 'json') terminal.print(schemaText().trimEnd());
  else terminal.print(`${keyTable(strategyJsonSchema())}\n\n${indicatorTable()}`);
}

function schemaText(): string {
  return `${JSON.stringify(strategyJsonSchema(), undefined, 2)}\n`;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeNewFile(path, new TextEncoder().encode(text));
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    if (code === 'EEXIST')
      throw new KtrdrError('conflict', `There is already a file "${path}"; choose another with --output.`, { cause });
    throw new KtrdrError('failed_precondition', `Cannot write "${path}": ${whyNot('write', cause)}.`, { cause });
  }
}
