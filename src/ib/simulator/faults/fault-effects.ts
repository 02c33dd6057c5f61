import type { Clock } from '../../../async/index.ts';
import type { Connection } from '../connection.ts';
import type { FaultBoard, FaultOf, StandingFault } from './fault-board.ts';
import type { GatewayFault, ParsedFault } from './faults.ts';
import type { Gateway } from '../gateway.ts';
import { announcements } from '../protocol/notices.ts';
import { nextReset } from '../../reset-windows.ts';

interface EffectsOptions {
  readonly board: FaultBoard;
  readonly gateway: Gateway;
  readonly now: () => number;
  readonly timers: Pick<Clock, 'after'>;
  /** Cuts off the connections that are concerned. */
  readonly drop: (concerns: (connection: Connection) => boolean) => void;
  /** Goes on sending what is on its way to anybody. */
  readonly resume: () => void;
}

/** Puts faults in force and lifts them, with what the gateway tells its clients, and does, at that. */
export class FaultEffects implements Disposable {
  readonly #options: EffectsOptions;
  /** What goes on while a fault stands, by its id. */
  readonly #running = new Map<number, Disposable>();

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  /** @throws KtrdrError `invalid_input` for a fault that there is not. */
  begin(given: GatewayFault): StandingFault {
    const { board, gateway } = this.#options;
    const standing = board.add(given);
    const { id, fault } = standing;
    if (fault.kind === 'drop_connections' || fault.kind === 'bust_event') board.lift(id);
    if (fault.kind === 'drop_connections') this.#options.drop(concerns(fault));
    if (fault.kind === 'bust_event') gateway.bust(concerns(fault));
    if (fault.kind === 'connectivity_lost') this.#repeatLoss(id, fault);
    if (fault.kind === 'nightly_reset') this.#awaitReset(id, fault);
    if (fault.kind === 'farm_down') {
      gateway.announce(announcements.marketDataDown, announcements.historyDown, announcements.definitionsDown);
    }
    return standing;
  }

  /** Lifts a standing fault and withdraws a single one not yet used; false when it is over already. */
  lift({ id, fault }: Pick<StandingFault, 'id' | 'fault'>): boolean {
    const { board, gateway } = this.#options;
    this.#running.get(id)?.[Symbol.dispose]();
    this.#running.delete(id);
    if (!board.lift(id)) return false;
    if (fault.kind === 'silence') this.#options.resume();
    if (fault.kind === 'connectivity_lost') {
      gateway.announce(fault.dataLost === true ? announcements.restoredDataLost : announcements.restored);
    }
    if (fault.kind === 'farm_down') {
      gateway.announce(announcements.marketDataUp, announcements.historyUp, announcements.definitionsUp);
    }
    return true;
  }

  [Symbol.dispose](): void {
    for (const running of this.#running.values()) running[Symbol.dispose]();
    this.#running.clear();
  }

  #repeatLoss(id: number, { repeatMs }: FaultOf<'connectivity_lost'>): void {
    const { gateway, timers } = this.#options;
    const tell = (): void => {
      gateway.announce(announcements.connectivityLost);
      this.#running.set(id, timers.after(repeatMs, tell));
    };
    tell();
  }

  /** Waits for a window, loses the link for as long as it lasts, closes the sockets on the way, and waits for the next. */
  #awaitReset(id: number, fault: FaultOf<'nightly_reset'>): void {
    const { now, timers, drop } = this.#options;
    const { start, end } = nextReset(now());
    const begin = (): void => {
      const loss = this.begin({ kind: 'connectivity_lost', dataLost: true });
      const closing = timers.after(Math.max(0, start + fault.closeAfterMs - now()), () => drop(concerns(fault)));
      const ending = timers.after(end - now(), () => {
        this.lift(loss);
        this.#awaitReset(id, fault);
      });
      this.#running.set(id, {
        [Symbol.dispose]: () => {
          closing[Symbol.dispose]();
          ending[Symbol.dispose]();
          this.lift(loss);
        },
      });
    };
    if (start <= now()) begin();
    else this.#running.set(id, timers.after(start - now(), begin));
  }
}

function concerns({ connection, client }: ParsedFault): (candidate: Connection) => boolean {
  return ({ number, clientId }) =>
    (connection === undefined || number === connection) && (client === undefined || clientId === client);
}
