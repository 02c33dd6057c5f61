import { retry, systemClock, type CancellationToken } from '../../../async/index.ts';
import { isTerminal, type LogLine } from '../../../operations/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import { withApi } from '../api-client.ts';
import { logText } from '../display/log-text.ts';
import type { CommandContext } from '../programs/command.ts';
import { noteLeft } from '../run-operation.ts';
import { printJson, terminal } from '../terminal.ts';
import { awayWords, untilApiIsBack } from '../watch-operation.ts';

export interface LogsOptions {
  follow?: boolean;
  /** The newest so many of what is there at the beginning. */
  limit?: number;
  json?: boolean;
  ndjson?: boolean;
}

const betweenLooksMs = 500;

/** What an operation said; with `follow` also what it still says, until it ends. Its end does not decide the exit code. */
export async function logs(context: CommandContext, id: string, options: LogsOptions): Promise<void> {
  const { settings, token, interruption } = context;
  const { follow = false, limit, json = false, ndjson = false } = options;
  const all: LogLine[] = [];
  const show = (lines: readonly LogLine[]): void => {
    if (json && !ndjson) all.push(...lines);
    else for (const line of lines) print(line, { ndjson });
  };
  await withApi(settings, async (client) => {
    const reader = new LogReader(client, id);
    const first = await reader.read(token);
    show(limit === undefined ? first : first.slice(-limit));
    if (!follow) return;
    // Nothing is cancelled but the looking.
    using silence = interruption.answerWith({ first: () => {} });
    void silence;
    const look = (): Promise<LogLine[]> => reader.read(token);
    const onRetry = (_: unknown, attempt: number): void => {
      if (attempt === 1 && !ndjson) terminal.note(awayWords);
    };
    try {
      while (!reader.isAtEnd && !terminal.isUnread) {
        await systemClock.sleep(betweenLooksMs, token);
        show(await retry(look, { policy: untilApiIsBack, token, clock: systemClock, onRetry }));
      }
    } catch (thrown) {
      if (!token.isCancelled) throw thrown;
      if (!ndjson) noteLeft(id);
    }
  });
  if (json && !ndjson) printJson('ktrdr.ops.logs/1', { operation: id, lines: all });
}

class LogReader {
  readonly #client: OperationsClient;
  readonly #id: string;
  #cursor = 0;
  /** Whether there can be no more lines. */
  isAtEnd = false;

  constructor(client: OperationsClient, id: string) {
    this.#client = client;
    this.#id = id;
  }

  /** The lines that have come since the last time. */
  async read(token: CancellationToken): Promise<LogLine[]> {
    // Before the lines: what has ended says nothing more.
    const { status } = await this.#client.get(this.#id, token);
    const found: LogLine[] = [];
    for (let from = this.#cursor; ;) {
      const page = await this.#client.logsOf({ id: this.#id, cursor: from }, token);
      found.push(...page.lines);
      from = page.cursor;
      if (page.more) continue;
      this.#cursor = from;
      this.isAtEnd = isTerminal(status);
      return found;
    }
  }
}

function print({ at, level, message, fields }: LogLine, { ndjson }: { ndjson: boolean }): void {
  if (ndjson) printJson('ktrdr.ops.line/1', { at, level, message, fields });
  else terminal.print(logText({ at, level, message, fields }));
}
