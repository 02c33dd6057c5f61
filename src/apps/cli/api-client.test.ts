import { describe, expect, it } from 'vitest';
import { KtrdrError } from '../../base/index.ts';
import { processSettings } from '../../config/index.ts';
import { withApi } from './api-client.ts';

const settings = await processSettings({ KTRDR_API_URL: 'http://127.0.0.1:9/api/v1' });
const { url } = settings.api;

function failing(error: KtrdrError): Promise<never> {
  return withApi(settings, () => Promise.reject(error));
}

describe('withApi', () => {
  it('says how to start an API that cannot be reached', async () => {
    const error = new KtrdrError('unavailable', 'refused', { details: { address: url } });
    await expect(failing(error)).rejects.toMatchObject({
      code: 'unavailable',
      message: `Cannot reach the ktrdr API at ${url}: start it with "ktrdr up", or name another with --api URL.`,
    });
  });

  it('says how to find an operation again when contact was lost while it ran', async () => {
    const error = new KtrdrError('unavailable', 'gone', { details: { address: url, operation: 'op_x' } });
    await expect(failing(error)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^Lost contact .* "op_x" .* "ktrdr ops status op_x"/),
    });
  });

  it('leaves alone what is wrong elsewhere', async () => {
    const host = new KtrdrError('unavailable', 'a host is gone', { details: { address: 'http://127.0.0.1:5001' } });
    await expect(failing(host)).rejects.toBe(host);
    const other = new KtrdrError('not_found', 'nothing there', { details: { address: url } });
    await expect(failing(other)).rejects.toBe(other);
  });
});
