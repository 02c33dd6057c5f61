import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { KtrdrError, systemCode, whyNot } from '../base/index.ts';

/** Where the token comes from that the services of one home ask of their callers. */
export interface AccessSettings {
  /** Given outright; the file is not looked at then. */
  readonly token?: string;
  readonly file: string;
}

/** What can be a bearer token (RFC 6750), long enough not to be guessed. */
export const accessTokenPattern = /^(?=.{32,512}$)[A-Za-z0-9._~+/-]+=*$/;

const tokenBytes = 32;
const readableByOthers = 0o077;

/**
 * For a service: the token that it asks for. The first service of a home makes it, and all others find it.
 * @throws KtrdrError `failed_precondition` when the file cannot be made or read.
 */
export function obtainToken(access: AccessSettings): string {
  const given = readToken(access);
  if (given !== undefined) return given;
  make(access.file);
  const made = readToken(access);
  if (made !== undefined) return made;
  throw new KtrdrError('failed_precondition', `The access token in "${access.file}" vanished while it was made.`);
}

/**
 * For a client: the token to show, or nothing when there is none.
 * @throws KtrdrError `failed_precondition` for a file that cannot be read, that others can read, or that holds no token.
 */
export function readToken({ token, file }: AccessSettings): string | undefined {
  if (token !== undefined) return token;
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, 'utf8').trim();
    mode = statSync(file).mode;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    const why = whyNot('read', cause);
    throw new KtrdrError('failed_precondition', `Cannot read the access token in "${file}": ${why}.`, { cause });
  }
  if (process.platform !== 'win32' && (mode & readableByOthers) !== 0) {
    throw new KtrdrError(
      'failed_precondition',
      `Other users of this machine can read the access token in "${file}". Delete it to have a new one made, or make it private with chmod 600.`,
    );
  }
  if (!accessTokenPattern.test(text)) {
    throw new KtrdrError(
      'failed_precondition',
      `"${file}" holds no access token, which is one word of 32 to 512 characters. Delete it to have a new one made.`,
    );
  }
  return text;
}

/** For people: where a client has looked for its token. */
export function tokenOrigin({ token, file }: AccessSettings): string {
  return token === undefined ? `"${file}"` : 'KTRDR_TOKEN';
}

/** Whole or not at all, and once: of several processes that begin together one wins, and the others read what it made. */
function make(file: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeSync(descriptor, `${randomBytes(tokenBytes).toString('base64url')}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    try {
      linkSync(draft, file);
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw cause;
    } finally {
      unlinkSync(draft);
    }
  } catch (cause) {
    const why = whyNot('write', cause);
    throw new KtrdrError(
      'failed_precondition',
      `Cannot make the access token in "${file}": ${why}. Make its directory writable, or set KTRDR_TOKEN.`,
      { cause },
    );
  }
}
