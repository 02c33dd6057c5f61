import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { operationSchema, type Operation } from '../src/operations/index.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { exampleStrategy } from './support/strategy.ts';
import { hasTerminals, TerminalSession } from './support/terminal-session.ts';

const ctrlC = '\x03';
const ctrlZ = '\x1A';
/** Prints whether the terminal makes signals of keys, lines of what is typed, and shows it, in the order of the alphabet. */
const tellModes = `stty -a | tr ' \\t;' '\\n\\n\\n' | grep -E '^-?(isig|icanon|echo)$' | LC_ALL=C sort | tr '\\n' ' '; echo "were the modes"`;
const usualModes = /^echo icanon isig were the modes$/m;
const listed = z.object({ operations: z.array(operationSchema) });

describe.skipIf(!hasTerminals)(
  'long work on a terminal (skipped where there is no "script" to make one)',
  { timeout: 60_000 },
  () => {
    let home: TemporaryDirectory;
    let system: KtrdrProcess;
    let environment: { KTRDR_API_URL: string; KTRDR_HOME: string };
    let train: string;

    beforeAll(async () => {
      home = await temporaryDirectory();
      system = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], {
        KTRDR_LOG_LEVEL: 'silent',
      });
      const [, url = ''] = await system.until(/API on (\S+),/);
      environment = { KTRDR_API_URL: url, KTRDR_HOME: home.path };
      const span = ['--start', '2023-06-01', '--end', '2024-01-01'];
      await ktrdr(['data', 'load', 'AAPL', '-t', '1h', ...span], environment);
      const path = join(home.path, 'long.yaml');
      await writeFile(path, exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }));
      train = `ktrdr models train ${path}`;
    });

    afterAll(async () => {
      await system[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });

    afterEach(async () => {
      const { stdout } = await ktrdr(['ops', 'list', '--json', '--status', 'running,pending'], environment);
      for (const { id } of listed.parse(JSON.parse(stdout)).operations) await ktrdr(['ops', 'cancel', id], environment);
    });

    async function newest(): Promise<Operation> {
      const { stdout } = await ktrdr(['ops', 'list', '--json', '-n', '1'], environment);
      const [operation] = listed.parse(JSON.parse(stdout)).operations;
      if (operation === undefined) throw new Error('There is no operation.');
      return operation;
    }

    const training =
      /━*─* +\d+% Training MLP model on AAPL \[1h\] epoch \d+\/100000 .*\nCtrl-C cancels it, d leaves it running$/;

    it('draws one line over and over, says at once that Ctrl-C cancels, and gives the terminal back', async () => {
      await using session = await TerminalSession.start(`${train}; echo "code $?"; ${tellModes}`, { environment });
      await session.until(training);
      await session.until(/epoch \d{2,}\//);
      // What is drawn may be seen while it is on its way.
      await expect.poll(() => session.lines.length).toBe(2);
      const pressed = performance.now();
      session.type(ctrlC);
      await session.until(/Cancelling; press Ctrl-C again/);
      expect(performance.now() - pressed).toBeLessThan(1_000);
      await session.until(/code 130/);
      await session.until(usualModes);
      expect(session.lines[0]).toMatch(/^■ Training MLP .*: cancelled$/);
      expect(session.text).not.toMatch(/━|─/);
      expect(await newest()).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user' } });
    });

    it('says so also while the API does not answer, and ends at once at the second Ctrl-C', async () => {
      await using session = await TerminalSession.start(`${train}; echo "code $?"; ${tellModes}`, { environment });
      await session.until(training);
      system.kill('SIGSTOP');
      try {
        session.type(ctrlC);
        await session.until(/Cancelling; press Ctrl-C again/);
        const pressed = performance.now();
        session.type(ctrlC);
        await session.until(/code 130/);
        expect(performance.now() - pressed, 'less than the patience after the first one').toBeLessThan(3_000);
      } finally {
        system.kill('SIGCONT');
      }
      await session.until(usualModes);
      await expect.poll(async () => (await newest()).status, { timeout: 10_000 }).toBe('cancelled');
    });

    it('leaves work running at the key d, and follows it again until Ctrl-C', async () => {
      const script = `id=$(${train}); echo "code $?"; ktrdr ops follow "$id"; echo "code $?"; ktrdr ops cancel "$id"; ${tellModes}`;
      await using session = await TerminalSession.start(script, { environment });
      await session.until(training);
      session.type('\x1B[D');
      session.type('d');
      await session.until(
        /It keeps running\. Watch it with "ktrdr ops follow op_train_model_\w+", stop it with .*\ncode 0/,
      );
      await session.until(/Ctrl-C stops watching and leaves it running, d leaves it running$/);
      session.type(ctrlC);
      await session.until(/code 130/);
      await session.until(/■ .*: cancelled\n {2}stopped \d+ ms after it was asked/);
      await session.until(usualModes);
      expect(session.text).not.toMatch(/━|─/);
    });

    it('stops at Ctrl-Z with the terminal as it was, and draws on when it comes back', async () => {
      const script = `set -m; ${train}; echo "stopped"; ${tellModes}; sleep 0.5; fg; echo "code $?"`;
      await using session = await TerminalSession.start(script, { environment });
      await session.until(training);
      session.type(ctrlZ);
      await session.until(usualModes);
      await session.until(/were the modes\n(.*\n)*.*Training MLP.*\nCtrl-C cancels it, d leaves it running$/);
      session.type(ctrlC);
      await session.until(/code 130/);
      expect(await newest()).toMatchObject({ status: 'cancelled' });
    });

    it('goes on in the background without drawing, and ends there', async () => {
      const script = `set -m; ${train}; bg; sleep 2; ${tellModes}; wait; echo "ended"; jobs; echo "left"`;
      await using session = await TerminalSession.start(script, { environment });
      await session.until(training);
      session.type(ctrlZ);
      await session.until(usualModes);
      const shown = session.text;
      await ktrdr(['ops', 'cancel', (await newest()).id], environment);
      await session.until(/■ Training MLP .*: cancelled\n/);
      await session.until(/^ended$/m);
      const [, jobs = ''] = await session.until(/^ended\n([^]*)left$/m);
      expect(jobs, 'not stopped for setting the terminal right').not.toMatch(/stopped|suspended/i);
      expect(session.text.slice(0, shown.length)).toBe(shown);
    });

    it('gives the terminal back when it is ended by SIGTERM or SIGHUP', async () => {
      const pidFile = join(home.path, 'pid');
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
        const started = `sh -c 'echo $$ > ${pidFile}; exec "$@"' sh "$node" "$main" ${train.slice('ktrdr '.length)}`;
        await using session = await TerminalSession.start(`${started}; echo "code $?"; ${tellModes}`, { environment });
        await session.until(training);
        process.kill(Number(await readFile(pidFile, 'utf8')), signal);
        await session.until(signal === 'SIGTERM' ? /^code 143$/m : /^code 129$/m);
        await session.until(usualModes);
        expect((await newest()).status).toBe(signal === 'SIGTERM' ? 'cancelled' : 'running');
      }
    });

    it('writes plain lines in the background, and does not touch the terminal', async () => {
      const script = `set -m; ${train} & sleep 0.1; ${tellModes}; wait $!; echo "code $?"`;
      await using session = await TerminalSession.start(script, { environment });
      await session.until(/^Training MLP model on AAPL \[1h\] epoch \d+/m);
      await session.until(usualModes);
      expect(session.text).not.toMatch(/━|─/);
      await ktrdr(['ops', 'cancel', (await newest()).id], environment);
      await session.until(/code 130/);
    });

    it.skipIf(process.platform !== 'linux')('draws also where the terminal is that of others', async () => {
      // In a session of its own a process has no terminal, whatever its input is.
      const started = `setsid --wait "$node" "$main" ${train.slice('ktrdr '.length)}`;
      await using session = await TerminalSession.start(`${started}; echo "code $?"; ${tellModes}`, { environment });
      await session.until(/━*─* +\d+% Training MLP model on AAPL/);
      await ktrdr(['ops', 'cancel', (await newest()).id], environment);
      await session.until(/^code 130$/m);
      await session.until(usualModes);
      expect(await newest()).toMatchObject({ status: 'cancelled' });
    });

    it('keeps up with a terminal that changes its size', async () => {
      await using session = await TerminalSession.start(train, { environment, columns: 110, rows: 12 });
      await session.until(training);
      for (const [columns, rows] of [
        [50, 12],
        [30, 6],
        [110, 12],
        [200, 40],
      ] as const) {
        await session.resize(columns, rows);
        await expect
          .poll(() => session.lines)
          .toSatisfy(
            (lines: string[]) =>
              /^━*─* +\d+% Training/.test(lines[0] ?? '') &&
              lines.length === (rows > 3 ? 2 : 1) &&
              lines.every(({ length }) => length < columns),
          );
      }
      session.type(ctrlC);
      await session.exit;
      expect(session.lines).toHaveLength(3);
    });

    it('draws a line for each child of more than there are rows, and leaves one for each that has ended', async () => {
      const load = 'ktrdr data load MSFT GOOG AMZN NVDA SPY -t 1h,1d --start 2023-01-01 --end 2024-01-01';
      await using session = await TerminalSession.start(`${load} > /dev/null; echo "code $?"`, {
        environment,
        rows: 5,
      });
      await session.until(/\d+% Loading \w+ 1\w data .*\n(.*\n)*.*\d+% Loading MSFT, GOOG, AMZN, NVDA and 1 more/);
      await session.until(/code 0/);
      const ended = session.lines.filter((line) => /^✓ Loading \w+ 1[hd] data .* in [\d.]+ m?s$/.test(line));
      expect(ended).toHaveLength(10);
      expect(session.text).not.toMatch(/━|─/);
    });

    it.each([
      [{ TERM: 'dumb' }, [] as string[], /^Training MLP model on AAPL/m],
      [{}, ['--quiet'], /^code 130$/m],
    ])('with %o and %o draws nothing', async (more, options, seen) => {
      const script = `${train} ${options.join(' ')}; echo "code $?"`;
      await using session = await TerminalSession.start(script, { environment: { ...environment, ...more } });
      await expect.poll(async () => (await newest()).status, { timeout: 20_000 }).toBe('running');
      if (options.length === 0) await session.until(seen);
      session.type(ctrlC);
      await session.until(/code 130/);
      expect(session.text).not.toMatch(/━|─|Ctrl-C cancels it,/);
      expect(session.text).toMatch(seen);
      if (options.length > 0)
        expect(session.text).toMatch(/^(\^C)?error: Cancelled at the request of the user.*\ncode 130$/);
    });

    it('shows the log of a service as text, and as JSON where nobody looks on', async () => {
      await using own = await temporaryDirectory();
      const file = join(own.path, 'log');
      const up = `ktrdr up --port 0 --home ${own.path}`;
      await using session = await TerminalSession.start(`${up}; ${up} 2> ${file}; echo "code $?"`, {
        columns: 200,
        environment: { KTRDR_LOG_LEVEL: 'info' },
      });
      await session.until(/^\S+Z info {2}listening service=ktrdr-api url=http\S+$/m);
      session.type(ctrlC);
      await session.until(/ info {2}stopping signal=SIGINT\n(.*\n)*ktrdr API on /);
      session.type(ctrlC);
      await session.until(/code 130/);
      const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
      expect(lines.map((line) => z.object({ msg: z.string() }).parse(JSON.parse(line)).msg)).toContain('listening');
    });
  },
);
