import { fileKeys, readFooter, valueOf, type BarFile } from './bar-file-format.ts';
import type { ByteSource } from './byte-source.ts';
import { openPagedBarFile } from './paged-bar-file.ts';
import { openSealedBarFile } from './sealed-bar-file.ts';

/**
 * Opens a bar file.
 * @throws Error that says in a few words what is wrong with it.
 */
export async function openBarFile(source: ByteSource): Promise<BarFile> {
  const footer = await readFooter(source);
  const pages = valueOf(footer.metadata, fileKeys.pages);
  return pages === undefined ? openSealedBarFile(source, footer) : openPagedBarFile(source, footer, pages);
}
