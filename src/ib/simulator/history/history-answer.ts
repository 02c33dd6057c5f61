import type { Bars } from '../../../market/index.ts';
import { historicalDataEnd } from '../protocol/answers.ts';
import type { BarQuery } from '../bars/bar-source.ts';
import type { Connection } from '../connection.ts';
import { takeDistortion } from '../faults/distortions.ts';
import type { FaultTarget } from '../faults/fault-board.ts';
import { halfOf } from '../protocol/framing.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { HistoryFrame } from '../protocol/history-frame.ts';
import type { HistoryPlan } from './history-plan.ts';
import type { Instrument } from '../instruments/instruments.ts';
import type { HistoryRequest } from '../protocol/requests.ts';
import type { BarFormat } from '../bars/written-bar.ts';

/** A history request that is being answered. */
export interface Answering {
  readonly request: HistoryRequest;
  readonly plan: HistoryPlan;
  readonly instrument: Instrument;
  readonly connection: Connection;
}

/** An answer that is ready to be sent. */
export interface HistoryAnswer {
  readonly frame: HistoryFrame;
  /** How many bars it says it has. */
  readonly announced: number;
  /** The stamp of its last bar. */
  readonly lastStamp: number | undefined;
}

export function queryOf({ request, plan, instrument }: Answering, now: number): BarQuery {
  return {
    instrument,
    barSize: plan.barSize,
    whatToShow: plan.whatToShow,
    regularHoursOnly: request.regularHoursOnly,
    window: { start: plan.window.start, end: Math.min(plan.window.end, now) },
    now,
  };
}

export function formatOf({ request, plan, instrument }: Answering): BarFormat {
  return {
    stamp: plan.barSize.unit === 'intraday' ? 'instant' : 'date',
    formatDate: request.formatDate,
    zone: instrument.zone,
  };
}

export function targetOf({ request, instrument, connection }: Answering): FaultTarget {
  return { ...connection.target, request: request.reqId, symbol: instrument.symbol };
}

/**
 * Makes an answer and passes it on. A small one at once; a big one piece by piece, giving way to everything else between
 * two pieces. Disposing the result stops it.
 */
export function makeAnswer(
  answering: Answering,
  { source, faults, now }: Pick<GatewayContext, 'source' | 'faults' | 'now'>,
  done: (answer: HistoryAnswer) => void,
): Disposable {
  const frame = new HistoryFrame(formatOf(answering));
  const query = queryOf(answering, now());
  const distort = takeDistortion(faults, targetOf(answering));
  const last = (bars: Bars): number | undefined => bars.time.at(-1);
  if (distort !== undefined) {
    const { bars, announced } = distort(source.bars(query));
    frame.add(bars);
    done({ frame, announced, lastStamp: last(bars) });
    return { [Symbol.dispose]() {} };
  }
  const pieces = source.pieces(query)[Symbol.iterator]();
  let lastStamp: number | undefined;
  let timer: NodeJS.Immediate | undefined;
  const step = (): boolean => {
    const piece = pieces.next();
    if (piece.done === true) return false;
    frame.add(piece.value);
    lastStamp = last(piece.value) ?? lastStamp;
    return true;
  };
  const finish = (): void => done({ frame, announced: frame.count, lastStamp });
  if (!step() || !step()) {
    finish();
    return { [Symbol.dispose]() {} };
  }
  const hold = answering.connection.hold();
  const goOn = (): void => {
    if (step()) {
      timer = setImmediate(goOn);
      return;
    }
    finish();
    hold[Symbol.dispose]();
  };
  timer = setImmediate(goOn);
  return {
    [Symbol.dispose]() {
      clearImmediate(timer);
      hold[Symbol.dispose]();
    },
  };
}

/** Puts an answer on the wire, with what is wrong with it on purpose. */
export function sendAnswer(
  answering: Answering,
  { frame, announced }: HistoryAnswer,
  { faults, counters }: Pick<GatewayContext, 'faults' | 'counters'>,
): void {
  const { connection, plan, instrument, request } = answering;
  const target = targetOf(answering);
  const { reqId } = request;
  const { version } = connection;
  const about = { reqId, version, named: plan.named };
  const { logged, frame: bytes } = frame.finish(about, announced);
  counters.barsSent += frame.count;
  if (faults.strike('garbage_frame', target) !== undefined) connection.sendRaw(garbage);
  if (faults.strike('drop_mid_frame', target) !== undefined) {
    connection.sendRaw(halfOf(bytes));
    return connection.closeWhenSent();
  }
  connection.sendFrame(logged, bytes);
  const sendEnd = (): void => {
    if (version >= 196) return connection.send(historicalDataEnd(reqId, plan.named, instrument.zone));
    const again = new HistoryFrame(formatOf(answering)).finish(about);
    connection.sendFrame(again.logged, again.frame);
  };
  if (version >= 196) sendEnd();
  if (faults.strike('duplicate_end', target) !== undefined) sendEnd();
}

/** A frame of sixteen bytes that no message begins with. */
const garbage = Buffer.from('00000010fffefdfc00ff8081c3281f1e7f00e2fe', 'hex');
