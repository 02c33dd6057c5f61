import { KtrdrError, systemCode } from './errors.ts';

const words = {
  read: {
    ENOENT: 'there is no such file',
    ENOTDIR: 'a part of its path is no directory',
    EISDIR: 'it is a directory',
    EACCES: 'this user may not read it',
    EPERM: 'this user may not read it',
  },
  list: {
    ENOENT: 'there is no such directory',
    ENOTDIR: 'it is no directory',
    EACCES: 'this user may not read it',
    EPERM: 'this user may not read it',
  },
  write: {
    ENOENT: 'its directory does not exist',
    ENOTDIR: 'a part of its path is no directory',
    EISDIR: 'it is a directory',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    ENOSPC: 'the disk is full',
    EDQUOT: 'this user has no room left on the disk',
    EROFS: 'the disk can only be read',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

const always: Readonly<Record<string, string>> = {
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk has failed',
  EMFILE: 'too many files are open',
};

/** Why something could not be done with a path, in words for the end of a sentence. Rare causes are told as the system does. */
export function whyNot(act: keyof typeof words, cause: unknown): string {
  const known: Readonly<Record<string, string>> = words[act];
  const code = systemCode(cause) ?? '';
  return known[code] ?? always[code] ?? KtrdrError.from(cause).message;
}
