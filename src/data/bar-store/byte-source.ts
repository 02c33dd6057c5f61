import type { FileHandle } from 'node:fs/promises';

/** Bytes that are read where they are needed: an open file, or memory. */
export interface ByteSource {
  readonly size: number;
  /** Fills the targets one after the other from a position on. Throws when there are fewer bytes. */
  read(targets: readonly Uint8Array[], position: number): Promise<void>;
}

export async function sourceOfFile(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  return { size, read: (targets, position) => readFully(file, targets, position) };
}

export function sourceOfBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (targets, position) => {
      let from = position;
      for (const target of targets) {
        const part = bytes.subarray(from, from + target.length);
        if (part.length < target.length) throw new Error('it is cut off');
        target.set(part);
        from += target.length;
      }
    },
  };
}

export async function readBytes(source: ByteSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await source.read([bytes], start);
  return bytes;
}

/** A read may bring less than was asked for; the rest is asked for again. */
async function readFully(file: FileHandle, targets: readonly Uint8Array[], position: number): Promise<void> {
  let left = [...targets];
  let from = position;
  while (left.length > 0) {
    const { bytesRead } = await file.readv(left, from);
    if (bytesRead === 0) throw new Error('it is cut off');
    from += bytesRead;
    left = without(left, bytesRead);
  }
}

function without(targets: readonly Uint8Array[], count: number): Uint8Array[] {
  let filled = count;
  const left: Uint8Array[] = [];
  for (const target of targets) {
    const here = Math.min(filled, target.length);
    filled -= here;
    if (here < target.length) left.push(target.subarray(here));
  }
  return left;
}
