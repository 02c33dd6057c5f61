import { KtrdrError } from '../base/index.ts';

/**
 * What is wrong with a request that a page of another site may have made through the browser of this machine; nothing
 * for every other request. A browser sends such requests to local services without asking, and it always says from which
 * page (`Origin`) and to which name (`Host`) it sends.
 */
export function foreignPage(headers: Headers, listensOn: string): KtrdrError | undefined {
  const host = headers.get('host');
  const origin = headers.get('origin');
  // A name that an attacker's DNS points here would make his page one of ours.
  if (host !== null && loopback.test(listensOn) && !loopback.test(host)) {
    return new KtrdrError(
      'permission_denied',
      `This service is not reachable as "${host}"; use 127.0.0.1 or localhost, or let the proxy in between set the Host header.`,
    );
  }
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) {
    return new KtrdrError('permission_denied', `A page of "${origin}" may not use this service.`);
  }
  return undefined;
}

/** An address or a name of this machine alone, with or without a port. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)(:\d{1,5})?$/i;
