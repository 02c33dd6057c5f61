import { cancelledError, CancellationSource, type CancellationToken, type Clock } from '../async/index.ts';
import { KtrdrError, systemCode } from '../base/index.ts';

/** One try: aborted by the caller's token, or by its own timer until the host has answered. */
export class Attempt implements Disposable {
  readonly caller: CancellationToken;
  readonly timeoutMs: number;
  #isTimedOut = false;
  readonly #source: CancellationSource;
  readonly #timer: Disposable;

  constructor(caller: CancellationToken, clock: Clock, timeoutMs: number) {
    this.caller = caller;
    this.timeoutMs = timeoutMs;
    this.#source = new CancellationSource(caller);
    this.#timer = clock.after(timeoutMs, () => {
      this.#isTimedOut = !caller.isCancelled;
      this.#source.cancel('timeout');
    });
  }

  get token(): CancellationToken {
    return this.#source.token;
  }

  get isTimedOut(): boolean {
    return this.#isTimedOut;
  }

  answered(): void {
    this.#timer[Symbol.dispose]();
  }

  /** Lets go of whatever the host would still send. */
  giveUp(): void {
    this.#source.cancel();
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }
}

/** With these there was no connection, and so no request that the host could have seen. */
const notConnected = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'TRANSPORT_UNCONNECTED',
]);

/** Whether a try that came to nothing was not answered and may have reached the host all the same. */
export function mayHaveArrived(cause: unknown, { isTimedOut }: Attempt): boolean {
  const code = systemCode(cause);
  return isTimedOut || (code !== undefined && !notConnected.has(code));
}

interface Where {
  readonly service: string;
  readonly baseUrl: string;
  readonly endpoint: string;
  readonly attempt: Attempt;
  /** Where the token was read that the call showed. */
  readonly origin?: string;
}

/** What a try that came to nothing means: who was called, what is wrong, what to do. */
export function callError(cause: unknown, { service, baseUrl, endpoint, attempt, origin }: Where): KtrdrError {
  const where = { service, endpoint };
  const { reason } = attempt.caller;
  if (reason !== undefined) return cancelledError(reason, `${endpoint} on ${service}`, where);
  const code = systemCode(cause);
  if (attempt.isTimedOut || code === 'UND_ERR_BODY_TIMEOUT' || code === 'TRANSPORT_SILENT') {
    const message = `${service} at ${baseUrl} did not answer ${endpoint} in ${attempt.timeoutMs} ms. Try again; if it stays silent, look at its log.`;
    return new KtrdrError('deadline_exceeded', message, { cause, details: where });
  }
  if (cause instanceof KtrdrError && cause.code === 'unauthenticated') {
    return new KtrdrError('unauthenticated', unauthenticated(`${service} at ${baseUrl}`, origin), { details: where });
  }
  if (cause instanceof KtrdrError) {
    const { message, details } = cause;
    return new KtrdrError(cause.code, message, { cause: cause.cause, details: { ...details, ...where } });
  }
  const { message } = KtrdrError.from(cause);
  if (code === undefined) {
    return new KtrdrError('internal', `${endpoint} on ${service} broke: ${message}`, { cause, details: where });
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED' || code === 'TRANSPORT_CLOSED') {
    const closed = `The client of ${service} is closed already; ${endpoint} was not sent.`;
    return new KtrdrError('failed_precondition', closed, { cause, details: where });
  }
  return new KtrdrError(
    'unavailable',
    `${service} cannot be reached at ${baseUrl} (${code}: ${message}). Start it, or correct its address in the settings.`,
    { cause, details: { ...where, address: baseUrl } },
  );
}

function unauthenticated(where: string, origin: string | undefined): string {
  return origin === undefined
    ? `${where} asks for an access token, and this client has none.`
    : `${where} asks for the access token of its own home, and the one in ${origin} is missing or another. Name the right file with KTRDR_TOKEN_FILE, or give the token itself in KTRDR_TOKEN.`;
}
