import { describe, expect, it } from 'vitest';
import { operationOf } from '../src/apps/cli/display/operation.fixture.ts';
import { freePort } from './support/free-port.ts';
import { KtrdrProcess, ktrdr } from './support/ktrdr-process.ts';
import { oneOperationApi } from './support/one-operation-api.ts';

const id = 'op_train_model_20240308_143000_1a2b3c4d';
const cancellation = { reason: 'user', requestedAt: 1_000, forced: false } as const;
const cancelling = { status: 'cancelling', version: 2, cancellation } as const;

describe('ktrdr ops cancel', { timeout: 30_000 }, () => {
  it('waits for an API that restarts, and has it cancel what it began anew', async () => {
    const port = await freePort();
    let cancel: KtrdrProcess;
    {
      await using first = await oneOperationApi(operationOf({ id }), { port, atCancel: cancelling });
      cancel = new KtrdrProcess(['ops', 'cancel', id], { KTRDR_API_URL: first.url });
      await first.request();
      await first.request();
    }
    await using _ = cancel;
    await cancel.until(/^The API is away; trying again\.$/m);
    const stopped = { ...cancellation, acknowledgedAt: 1_100, stoppedAt: 1_250 };
    await using second = await oneOperationApi(operationOf({ id, attempt: 2, version: 3 }), {
      port,
      atCancel: { status: 'cancelled', version: 4, cancellation: stopped },
    });
    expect(await cancel.exit, cancel.stderr).toBe(0);
    expect(second.server.listening).toBe(true);
    expect(cancel.stdout).toContain('Loading all: cancelled\n  stopped 250 ms after it was asked\n');
    expect(cancel.stderr.match(/The API is away/g)).toHaveLength(1);
  });

  it('says at once that there is no API', async () => {
    const { code, stderr } = await ktrdr(['ops', 'cancel', id], { KTRDR_API_URL: 'http://127.0.0.1:9/api/v1' });
    expect(code).toBe(8);
    expect(stderr).toMatch(/^error: Cannot reach the ktrdr API at .*start it with "ktrdr up"/);
  });

  it('leaves it to the API at Ctrl-C, and says so', async () => {
    await using api = await oneOperationApi(operationOf({ id }), { atCancel: cancelling });
    await using cancel = new KtrdrProcess(['ops', 'cancel', id, '--json'], { KTRDR_API_URL: api.url });
    await api.request();
    await api.request();
    cancel.pressCtrlC();
    expect(await cancel.exit).toBe(130);
    expect(JSON.parse(cancel.stderr)).toMatchObject({
      code: 'cancelled',
      detail: `Ended without waiting: operation "${id}" may still have to stop. Look at it with "ktrdr ops status ${id}".`,
      details: { operation: id, unconfirmed: true },
    });
  });
});

describe('a second Ctrl-C', { timeout: 30_000 }, () => {
  const load = ['data', 'load', 'AAPL', '-t', '1d'];

  it.each([
    ['for people', load, /^error: (.*)$/],
    [
      'in JSON',
      [...load, '--json'],
      /^\{"schema":"ktrdr\.error\/1","code":"cancelled","detail":"(.*)","exitCode":130,/,
    ],
  ])('ends long work at once, and its last line names what may go on, %s', async (_, command, last) => {
    await using api = await oneOperationApi(operationOf({ id }), { atCancel: cancelling });
    await using process = new KtrdrProcess(command, { KTRDR_API_URL: api.url });
    await process.until(/Loading all/);
    process.pressCtrlC();
    await process.until(/Cancelling; press Ctrl-C again to stop without waiting\./);
    process.pressCtrlC();
    expect(await process.exit).toBe(130);
    const [, sentence = ''] = last.exec(process.stderr.trimEnd().split('\n').at(-1) ?? '') ?? [];
    expect(sentence.replaceAll('\\', ''), process.stderr).toMatch(
      /^Ended without waiting: operation "(op_load_bars_\w+)" may still have to stop\. Look at it with "ktrdr ops status \1"\.$/,
    );
  });
});
