import { KtrdrError } from '../../base/index.ts';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

export function unreachable(address: GatewayAddress, reason: string): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `Cannot reach the IB gateway at ${nameOf(address)} (${reason}): start TWS or IB Gateway with API access enabled, or "ktrdr gateway simulate".`,
    { details: { ...address } },
  );
}

export function notReady(address: GatewayAddress, afterMs: number): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `The IB gateway at ${nameOf(address)} took the connection but was not ready in ${afterMs / 1_000} s: look for a dialog or a login that waits in TWS or IB Gateway.`,
    { details: { ...address } },
  );
}

export function closedByGateway(address: GatewayAddress, wasReady: boolean): KtrdrError {
  const closed = `The IB gateway at ${nameOf(address)} closed the connection`;
  const message = wasReady
    ? `${closed}. Try again; if that happens again, restart TWS or IB Gateway.`
    : `${closed} before it was ready: enable API access for this computer in TWS or IB Gateway.`;
  return new KtrdrError('unavailable', message, { details: { ...address } });
}

export function silent(address: GatewayAddress, afterMs: number): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `The IB gateway at ${nameOf(address)} has been silent for ${afterMs / 1_000} s, so the connection was given up. Try again, or restart TWS or IB Gateway.`,
    { details: { ...address } },
  );
}

/** TCP keeps the order: what the gateway sends meanwhile waits behind it. */
export function clogged(address: GatewayAddress, forMs: number): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `The IB gateway at ${nameOf(address)} has been sending one message for ${Math.round(forMs / 1_000)} s, behind which all others wait, so the connection was given up. Check the connection to it, then try again.`,
    { details: { ...address } },
  );
}

export function unreadable(address: GatewayAddress, cause: unknown): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `The IB gateway at ${nameOf(address)} sent a message that cannot be read (${KtrdrError.from(cause).message}), so the connection was given up. Try again.`,
    { cause, details: { ...address } },
  );
}

export function allIdsTaken(address: GatewayAddress, clientIds: readonly number[]): KtrdrError {
  return new KtrdrError(
    'conflict',
    `The IB gateway at ${nameOf(address)} has other programs under the client ids ${clientIds.join(', ')}: close one of them, or set another client id.`,
    { details: { ...address, clientIds } },
  );
}

/** The gateway is there, IB is not. */
export function cutOff(address: GatewayAddress, trouble: string): KtrdrError {
  return new KtrdrError(
    'unavailable',
    `The IB gateway at ${nameOf(address)} cannot answer now, because ${trouble}. It comes back by itself once IB can be reached again, as after the nightly reset (00:15 to 01:45 New York): try again later.`,
    { details: { ...address } },
  );
}

export function gatewayClosed(address: GatewayAddress): KtrdrError {
  return new KtrdrError('unavailable', `The connection to the IB gateway at ${nameOf(address)} was closed here.`, {
    details: { ...address },
  });
}

function nameOf({ host, port }: GatewayAddress): string {
  return `${host}:${port}`;
}
