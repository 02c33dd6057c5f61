import { barCount, type Bars, type TimeRange } from '../../../market/index.ts';
import { historicalDataHead } from './answers.ts';
import { frameHead, type Field } from './framing.ts';
import { maxLoggedFields, type LoggedFields } from '../message-log.ts';
import { fieldsPerBar, writeBar, type BarFormat } from '../bars/written-bar.ts';

/**
 * Message 17 made piece by piece, since it may have a hundred thousand bars and its beginning tells their number and its
 * length in bytes.
 */
export class HistoryFrame {
  readonly #format: BarFormat;
  readonly #chunks: Buffer[] = [];
  readonly #firstFields: Field[] = [];
  #count = 0;

  constructor(format: BarFormat) {
    this.#format = format;
  }

  get count(): number {
    return this.#count;
  }

  add(bars: Bars): void {
    const count = barCount(bars);
    let text = '';
    for (let index = 0; index < count; index += 1) {
      const { date, open, high, low, close, volume, average, trades } = writeBar(bars, index, this.#format);
      text += `${date}\0${open}\0${high}\0${low}\0${close}\0${volume}\0${average}\0${trades}\0`;
      if (this.#firstFields.length < maxLoggedFields)
        this.#firstFields.push(date, open, high, low, close, volume, average, trades);
    }
    this.#count += count;
    this.#chunks.push(Buffer.from(text, 'latin1'));
  }

  /** `announced` is how many bars the message says it has: all of them, unless it is to be wrong. */
  finish(
    about: { reqId: number; version: number; named: TimeRange },
    announced = this.#count,
  ): { logged: LoggedFields; frame: Buffer[] } {
    const head = historicalDataHead(about, { count: announced, zone: this.#format.zone });
    return {
      logged: { fields: [...head, ...this.#firstFields], fieldCount: head.length + fieldsPerBar * this.#count },
      frame: [frameHead(head, this.#chunks), ...this.#chunks],
    };
  }
}
