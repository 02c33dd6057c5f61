import { KtrdrError } from '../base/index.ts';

/** The place of an operation among all: by its time, and in order of arrival within a millisecond. It never changes. */
export interface PagePlace {
  readonly createdAt: number;
  readonly seq: number;
}

/** Opaque to whoever gets it. */
export function toPageCursor({ createdAt, seq }: PagePlace): string {
  return Buffer.from(`${createdAt}:${seq}`).toString('base64url');
}

/** @throws KtrdrError `invalid_input` for anything but a cursor of a page. */
export function parsePageCursor(cursor: string): PagePlace {
  const [, createdAt, seq] =
    /^(\d{1,16}(?:\.\d{1,8})?):(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (createdAt === undefined || seq === undefined) {
    throw new KtrdrError(
      'invalid_input',
      'The cursor is not one that a page of operations ended with; leave it out to begin again.',
    );
  }
  return { createdAt: Number(createdAt), seq: Number(seq) };
}
