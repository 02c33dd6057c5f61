import { describe, expect, it } from 'vitest';
import { startGatewaySimulator } from '../src/ib/index.ts';
import { ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';
import { startServices } from './support/services.ts';

describe('ktrdr gateway status', () => {
  it('shakes hands with the gateway, and says what is wrong where there is none', { timeout: 30_000 }, async () => {
    await using gateway = await startGatewaySimulator({ serverVersion: 178 });
    const found = await ktrdr(['gateway', 'status', '--json'], { IB_PORT: String(gateway.port) });
    expect(found, found.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(found.stdout)).toEqual({
      schema: 'ktrdr.gateway.status/1',
      host: '127.0.0.1',
      port: gateway.port,
      state: 'ready',
      serverVersion: 178,
      via: 'handshake',
    });
    const missed = await ktrdr(['gateway', 'status'], { IB_PORT: '9' });
    expect(missed).toMatchObject({ code: 8, stdout: '' });
    expect(missed.stderr).toMatch(/^error: Cannot reach the IB gateway at 127\.0\.0\.1:9 .*ktrdr gateway simulate/);
  });

  it('asks the IB host where the settings route to one', { timeout: 30_000 }, async () => {
    await using home = await temporaryDirectory();
    await using services = await startServices({ home: home.path });
    const routed = {
      KTRDR_HOME: home.path,
      USE_IB_HOST_SERVICE: 'true',
      IB_HOST_SERVICE_URL: services.urls.ibHost,
    };
    const found = await ktrdr(['gateway', 'status'], routed);
    expect(found.stdout).toMatch(/^Gateway at 127\.0\.0\.1:\d+: ready\n[^]* asked +the IB host at http/);
    expect(found.code).toBe(0);
  });
});
