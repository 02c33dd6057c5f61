import { describe, expect, it } from 'vitest';
import { foreignPage } from './foreign-page.ts';

describe('foreignPage()', () => {
  it.each([
    ['a program that names no origin', { host: '127.0.0.1:8000' }, '127.0.0.1'],
    ['our own page', { host: 'localhost:8000', origin: 'http://localhost:8000' }, '127.0.0.1'],
    ['our own page behind TLS', { host: 'box.lan', origin: 'https://box.lan' }, '0.0.0.0'],
    ['the IPv6 loopback', { host: '[::1]:8000' }, '::1'],
    ['a machine of the network, where the service listens there', { host: 'box.lan:8000' }, '0.0.0.0'],
    ['a request without a socket', {}, '127.0.0.1'],
  ])('lets %s through', (_, headers: Record<string, string>, listensOn) => {
    expect(foreignPage(new Headers(headers), listensOn)).toBeUndefined();
  });

  it.each([
    ['a page of another site', { host: '127.0.0.1:8000', origin: 'https://evil.example' }, '127.0.0.1'],
    ['a page of another local port', { host: 'localhost:8000', origin: 'http://localhost:3000' }, '127.0.0.1'],
    ['a page without an address', { host: '127.0.0.1:8000', origin: 'null' }, '127.0.0.1'],
    ['a name that was pointed here', { host: 'evil.example:8000', origin: 'http://evil.example:8000' }, '127.0.0.1'],
    ['a name that only looks local', { host: '127.0.0.1.evil.example' }, 'localhost'],
    ['a host that is no name', { host: 'a b' }, '::1'],
    ['a host behind a user', { host: 'evil.example@127.0.0.1:8000' }, '127.0.0.1'],
    ['a local name as a user', { host: 'localhost:8000@evil.example' }, '127.0.0.1'],
  ])('refuses %s', (_, headers: Record<string, string>, listensOn) => {
    expect(foreignPage(new Headers(headers), listensOn)).toMatchObject({ code: 'permission_denied' });
  });
});
