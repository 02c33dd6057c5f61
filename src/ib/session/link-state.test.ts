import { describe, expect, it } from 'vitest';
import { LinkState } from './link-state.ts';

describe('LinkState', () => {
  it('is announced once every kind of farm has been spoken of, a sleeping one included', () => {
    const link = new LinkState();
    link.hear(2104, 'Market data farm connection is OK:usfarm');
    link.hear(2107, 'HMDS data farm connection is inactive but should be available upon demand.ushmds');
    expect(link.isAnnounced).toBe(false);
    link.hear(2158, 'Sec-def data farm connection is OK:secdefnj');
    expect(link.isAnnounced).toBe(true);
    expect(link.trouble).toBeUndefined();
  });

  it('names the farms that are down until they are back', () => {
    const link = new LinkState();
    link.hear(2105, 'HMDS data farm connection is broken:ushmds');
    link.hear(2103, 'Market data farm connection is broken:usfarm');
    expect(link.trouble).toBe("IB's data farm ushmds (history), usfarm (market data) is not connected");
    link.hear(2107, 'HMDS data farm connection is inactive but should be available upon demand.ushmds');
    link.hear(2104, 'Market data farm connection is OK:usfarm');
    expect(link.trouble).toBeUndefined();
  });

  it('takes another farm of the same kind for the one that broke, and bars for a farm that serves', () => {
    const link = new LinkState();
    link.hear(2105, 'HMDS data farm connection is broken:ushmds', 5);
    link.hear(2157, 'Sec-def data farm connection is broken:secdefnj', 7);
    expect([link.isCutOff, link.troubledSince]).toEqual([false, 5]);
    link.hear(2158, 'Sec-def data farm connection is OK:secdefeu', 8);
    expect(link.trouble).toBe("IB's data farm ushmds (history) is not connected");
    link.historyServed();
    expect(link.trouble).toBeUndefined();
  });

  it('does not believe what is answered now to what was asked before it was back', () => {
    const link = new LinkState();
    link.hear(1100, 'Connectivity between IBKR and Trader Workstation has been lost.', 10);
    expect(link.troubleWith('history', 9)).toContain('has lost its connection');
    link.hear(1102, 'Connectivity between IBKR and Trader Workstation has been restored', 20);
    expect([5, 15, 20].map((askedAt) => link.troubleWith('history', askedAt) === undefined)).toEqual([
      false,
      false,
      false,
    ]);
    expect(link.troubleWith('history', 21)).toBeUndefined();
    link.hear(2105, 'HMDS data farm connection is broken:ushmds', 30);
    link.hear(2106, 'HMDS data farm connection is OK:ushmds', 40);
    expect(link.troubleWith('history', 35)).toBe('the connection to IB was broken since it was asked');
    expect(link.troubleWith('definitions', 35)).toBeUndefined();
    link.hear(2105, 'HMDS data farm connection is broken:ushmds', 50);
    link.historyServed(60);
    expect([link.troubleWith('history', 55) === undefined, link.troubleWith('history', 61)]).toEqual([
      false,
      undefined,
    ]);
  });

  it.each([
    [2103, 2104],
    [2103, 2108],
    [2103, 2119],
    [2105, 2106],
    [2105, 2107],
    [2157, 2158],
  ])('is in trouble from %i on until %i', (down, up) => {
    const link = new LinkState();
    expect(link.hear(down, 'A data farm connection is broken:farm')).toBe(true);
    expect(link.trouble).toContain('farm');
    expect(link.hear(up, 'A data farm connection is OK:farm')).toBe(true);
    expect(link.trouble).toBeUndefined();
  });

  it.each([1101, 1102])('is lost from 1100, however often repeated, to %i', (restored) => {
    const link = new LinkState();
    link.hear(1100, 'Connectivity between IBKR and Trader Workstation has been lost.');
    link.hear(1100, 'Connectivity between IBKR and Trader Workstation has been lost.');
    expect(link.trouble).toBe('the gateway has lost its connection to IB');
    link.hear(restored, 'Connectivity between IBKR and Trader Workstation has been restored');
    expect(link.trouble).toBeUndefined();
  });

  it('is lost from the beginning for a client that comes later, which need not wait for word of the farms', () => {
    const link = new LinkState();
    link.hear(2110, 'Connectivity between Trader Workstation and server is broken. It will be restored automatically.');
    expect([link.isCutOff, link.isAnnounced]).toEqual([true, true]);
    link.hear(1102, 'Connectivity between IBKR and Trader Workstation has been restored');
    expect([link.isCutOff, link.isAnnounced]).toEqual([false, false]);
  });

  it('doubts what a farm says that is down, not what another one says', () => {
    const link = new LinkState();
    link.hear(2103, 'Market data farm connection is broken:usfarm');
    link.hear(2157, 'Sec-def data farm connection is broken:secdefnj');
    expect(link.troubleWith('history')).toBeUndefined();
    expect(link.troubleWith('definitions')).toBe("IB's data farm secdefnj (definitions) is not connected");
    link.hear(1100, 'Connectivity between IBKR and Trader Workstation has been lost.');
    expect(link.troubleWith('history')).toBe('the gateway has lost its connection to IB');
  });

  it('leaves other messages to others', () => {
    expect(new LinkState().hear(2174, 'Warning: a time zone is missing')).toBe(false);
  });
});
