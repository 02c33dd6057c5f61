import type { Socket } from 'node:net';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { FaultBoard } from './faults/fault-board.ts';
import type { Gateway } from './gateway.ts';
import type { GatewayCounters } from './gateway-context.ts';

interface ConnectionsOptions extends Pick<ConnectionOptions, 'serverVersion' | 'now' | 'timers' | 'messages' | 'log'> {
  readonly board: FaultBoard;
  readonly gateway: Gateway;
  readonly counters: Pick<GatewayCounters, 'connections'>;
}

/** The open sockets of a gateway, from the moment that somebody connects. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Lets somebody in, unless a fault says otherwise. */
  admit(socket: Socket): void {
    const { board, gateway, counters, ...shared } = this.#options;
    const number = counters.connections + 1;
    if (board.strike('reset_at_connect', { connection: number }) !== undefined) {
      counters.connections = number;
      socket.resetAndDestroy();
      return;
    }
    const connection = new Connection(socket, {
      ...shared,
      number,
      faults: board,
      onMessage: (fields, from) => gateway.receive(fields, from),
      onClosed: (gone) => {
        this.#open.delete(gone);
        gateway.disconnected(gone);
      },
    });
    this.#open.add(connection);
    gateway.connected(connection);
    if (board.strike('accept_then_close', { connection: number }) !== undefined) connection.close();
  }

  /** Cuts off those that are concerned. */
  drop(concerns: (connection: Connection) => boolean): void {
    for (const connection of this.#open) if (concerns(connection)) connection.close();
  }

  /** Goes on sending what is on its way to anybody. */
  resume(): void {
    for (const connection of this.#open) connection.resume();
  }
}
