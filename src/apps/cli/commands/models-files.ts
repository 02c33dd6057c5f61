import { Readable } from 'node:stream';
import { exitCodeOf, KtrdrError } from '../../../base/index.ts';
import { modelFormats, type ModelFormat } from '../../../models/index.ts';
import { deleteModel, exportedModel, getModel, verifyModels } from '../../model-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatBytes, formatCount } from '../format.ts';
import { formatOfFile, mustNotExist, refuseTerminal, toFile, toStdout } from './output-file.ts';
import type { ModelReference } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { colours, printJson, terminal } from '../terminal.ts';

export interface ExportOptions {
  format?: ModelFormat;
  output?: string;
  force?: boolean;
  json?: boolean;
}

export async function exportFile(
  { settings, token }: CommandContext,
  { name, version = 'latest' }: ModelReference,
  options: ExportOptions,
): Promise<void> {
  const { output, force = false, json = false } = options;
  const isPiped = output === '-';
  if (isPiped && json) {
    throw new KtrdrError(
      'invalid_input',
      'Standard output has room for the model or for JSON; leave out --json or "-o -".',
    );
  }
  const { format = output === undefined || isPiped ? 'onnx' : formatOfFile(output, modelFormats) } = options;
  if (isPiped) refuseTerminal(format);
  const written = await withApi(settings, async (client) => {
    const { version: exact } = await client.call(getModel, { params: { name, version } }, token);
    const path = output ?? `${name}-${exact}.${format}`;
    if (!force && !isPiped) await mustNotExist(path);
    const { bytes } = await client.call(exportedModel, { params: { name, version: exact, format } }, token);
    const chunks = Readable.from([bytes]);
    await (isPiped ? toStdout(chunks) : toFile(chunks, path));
    return { name, version: exact, format, file: path, bytes: bytes.length };
  });
  if (json) return printJson('ktrdr.models.export/1', written);
  const where = isPiped ? 'standard output' : written.file;
  terminal.note(`${name} ${written.version}: ${formatBytes(written.bytes)} exported to ${where}`);
}

/** @returns the exit code: that of damaged data when there is any. */
export async function verify(
  { settings, token }: CommandContext,
  model: ModelReference | undefined,
  { json = false }: { json?: boolean },
): Promise<number> {
  const { models } = await withApi(settings, (client) => client.call(verifyModels, { query: { ...model } }, token));
  const damaged = models.filter(({ faults }) => faults.length > 0);
  if (json) printJson('ktrdr.models.verify/1', { models });
  else {
    for (const { name, version, faults } of damaged) {
      for (const { file, problem } of faults) {
        terminal.print(`${colours.red('damaged')}  ${name} ${version}: ${file}: ${problem}`);
      }
    }
    const verdict = damaged.length === 0 ? colours.green('all intact') : colours.red(`${damaged.length} damaged`);
    terminal.print(`${formatCount(models.length)} ${models.length === 1 ? 'model' : 'models'}: ${verdict}`);
  }
  return damaged.length === 0 ? 0 : exitCodeOf('data_corrupt');
}

export interface DeleteOptions {
  yes?: boolean;
  json?: boolean;
}

/** @throws KtrdrError `failed_precondition` that says what would be removed, without `--yes`. */
export async function remove(
  { settings, token }: CommandContext,
  { name, version }: ModelReference,
  { yes = false, json = false }: DeleteOptions,
): Promise<void> {
  if (version === undefined) {
    throw new KtrdrError('invalid_input', `Name the version to delete: ${name}@v1; see "ktrdr models list".`);
  }
  const removed = await withApi(settings, async (client) => {
    if (yes) return client.call(deleteModel, { params: { name, version } }, token);
    const { createdAt } = await client.call(getModel, { params: { name, version } }, token);
    throw new KtrdrError(
      'failed_precondition',
      `This would remove ${name} ${version}, trained ${createdAt.slice(0, 10)}, for good; repeat it with --yes if that is meant.`,
    );
  });
  if (json) printJson('ktrdr.models.delete/1', removed);
  else terminal.print(`${removed.name} ${removed.version} removed`);
}
