import { sep } from 'node:path';

/**
 * One error class, one closed set of codes, one table. The code is what a client reads and a retry decides by; the HTTP
 * status is for proxies and people; the exit code is what the command line ends with.
 */
const errorTable = {
  cancelled: { status: 499, retryable: false, exitCode: 130, title: 'Cancelled' },
  deadline_exceeded: { status: 504, retryable: true, exitCode: 124, title: 'Deadline exceeded' },
  invalid_input: { status: 400, retryable: false, exitCode: 2, title: 'Invalid input' },
  not_found: { status: 404, retryable: false, exitCode: 3, title: 'Not found' },
  conflict: { status: 409, retryable: false, exitCode: 4, title: 'Conflict' },
  failed_precondition: { status: 409, retryable: false, exitCode: 5, title: 'Failed precondition' },
  unauthenticated: { status: 401, retryable: false, exitCode: 11, title: 'Unauthenticated' },
  permission_denied: { status: 403, retryable: false, exitCode: 6, title: 'Permission denied' },
  rate_limited: { status: 429, retryable: true, exitCode: 7, title: 'Rate limited' },
  unavailable: { status: 503, retryable: true, exitCode: 8, title: 'Unavailable' },
  data_corrupt: { status: 422, retryable: false, exitCode: 9, title: 'Data corrupt' },
  interrupted: { status: 500, retryable: false, exitCode: 10, title: 'Interrupted' },
  internal: { status: 500, retryable: false, exitCode: 70, title: 'Internal error' },
} as const satisfies Record<string, { status: number; retryable: boolean; exitCode: number; title: string }>;

export type ErrorCode = keyof typeof errorTable;

export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457 problem details with our `code`; the only shape in which an error travels. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  /** One sentence: what was tried, on what, what went wrong, what to do. */
  detail: string;
  /** Facts for programs: the field that was wrong, the host that was tried. Never secrets. */
  details?: Record<string, unknown>;
}

export interface ErrorOptions {
  cause?: unknown;
  details?: Record<string, unknown>;
}

export class KtrdrError extends Error {
  override readonly name = 'KtrdrError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, { cause, details = {} }: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  /** True when the same call may succeed later. Whether it is safe to repeat is for the caller to know. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  get httpStatus(): number {
    return errorTable[this.code].status;
  }

  get exitCode(): number {
    return exitCodeOf(this.code);
  }

  /** The error as it travels. Files below `root` are named relative to it, so that nobody learns where it lies. */
  toProblem({ root }: { root?: string | undefined } = {}): ProblemDetails {
    const { status, title } = errorTable[this.code];
    const problem: ProblemDetails = {
      type: `urn:ktrdr:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      ...(Object.keys(this.details).length > 0 ? { details: this.details } : {}),
    };
    return root === undefined ? problem : below(root, problem);
  }

  /** Turns anything caught into a `KtrdrError`; what is not one already is a bug, hence `internal`. */
  static from(thrown: unknown): KtrdrError {
    if (thrown instanceof KtrdrError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new KtrdrError('internal', message, { cause: thrown });
  }

  static fromProblem(problem: ProblemDetails): KtrdrError {
    return new KtrdrError(problem.code, problem.detail, { details: problem.details ?? {} });
  }
}

/** A JSON value whose texts name files below a folder relative to it. */
function below<T>(root: string, value: T): T {
  const folder = root.endsWith(sep) ? root : root + sep;
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll(folder, '') : part,
  ) as T;
}

/** The exit code of a command that finds things as an error of this code would say. */
export function exitCodeOf(code: ErrorCode): number {
  return errorTable[code].exitCode;
}

export function isCancelled(thrown: unknown): boolean {
  return thrown instanceof KtrdrError && thrown.code === 'cancelled';
}

/** The operating system's error code (`ENOENT`, `EADDRINUSE`, …) of something caught, if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
