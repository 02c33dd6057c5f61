import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

describe('readSettings()', () => {
  it('fills in defaults that bind to loopback and run everything in one process', () => {
    expect(readSettings({ XDG_DATA_HOME: '/data' })).toEqual({
      home: '/data/ktrdr',
      access: { file: '/data/ktrdr/token' },
      api: { host: '127.0.0.1', port: 8000, url: 'http://127.0.0.1:8000/api/v1' },
      ib: {
        useHostService: false,
        hostServiceUrl: 'http://127.0.0.1:5001',
        pool: { connections: 10, timeoutMs: 30_000, keepAliveMs: 30_000 },
        gateway: { host: '127.0.0.1', port: 4002, clientId: 1 },
      },
      training: {
        useHostService: false,
        hostServiceUrl: 'http://127.0.0.1:5002',
        pool: { connections: 5, timeoutMs: 60_000, keepAliveMs: 30_000 },
        bars: 'store',
        backend: 'auto',
        memoryMb: 4_096,
      },
      logLevel: 'info',
    });
  });

  it('takes the specified switches and addresses', () => {
    const settings = readSettings({
      USE_IB_HOST_SERVICE: 'yes',
      IB_HOST_SERVICE_URL: 'http://10.0.0.7:5001/',
      USE_TRAINING_HOST_SERVICE: '1',
      IB_PORT: '7497',
      KTRDR_HOME: '/srv/ktrdr',
      KTRDR_API_PORT: '9000',
      IB_HOST_SERVICE_CONNECTIONS: '3',
      TRAINING_HOST_SERVICE_TIMEOUT_SECONDS: '7.5',
      TRAINING_HOST_SERVICE_KEEP_ALIVE_SECONDS: '2',
    });
    expect(settings.ib.pool).toEqual({ connections: 3, timeoutMs: 30_000, keepAliveMs: 30_000 });
    expect(settings.training.pool).toEqual({ connections: 5, timeoutMs: 7_500, keepAliveMs: 2_000 });
    expect(() => readSettings({ IB_HOST_SERVICE_CONNECTIONS: '0' })).toThrow('use 1 to 1000');
    expect(settings.ib).toMatchObject({
      useHostService: true,
      hostServiceUrl: 'http://10.0.0.7:5001',
      gateway: { port: 7497 },
    });
    expect(settings.training.useHostService).toBe(true);
    expect(settings.api.url).toBe('http://127.0.0.1:9000/api/v1');
    expect(settings.home).toBe('/srv/ktrdr');
  });

  it('looks for the API where it listens', () => {
    const urlFor = (host: string): string => readSettings({ KTRDR_API_HOST: host }).api.url;
    expect(urlFor('192.168.1.5')).toBe('http://192.168.1.5:8000/api/v1');
    expect(urlFor('0.0.0.0')).toBe('http://127.0.0.1:8000/api/v1');
    expect(urlFor('::')).toBe('http://[::1]:8000/api/v1');
    expect(urlFor('fd00::5')).toBe('http://[fd00::5]:8000/api/v1');
  });

  it('takes an empty variable as absent', () => {
    expect(readSettings({ KTRDR_API_PORT: ' ' }).api.port).toBe(8000);
    expect(readSettings({ XDG_DATA_HOME: 'relative' }).home).toMatch(/\.local.share.ktrdr$/);
    expect(readSettings({ IB_PORT: '', KTRDR_HOME: '' }).ib.gateway.port).toBe(4002);
  });

  it('names every variable that is wrong, with its value', () => {
    expect(() =>
      readSettings({ IB_PORT: 'abc', USE_IB_HOST_SERVICE: 'maybe', IB_HOST_SERVICE_URL: 'ftp://x' }),
    ).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringMatching(
          /USE_IB_HOST_SERVICE="maybe".*IB_HOST_SERVICE_URL="ftp:\/\/x".*IB_PORT="abc"/,
        ) as string,
      }),
    );
  });
});
