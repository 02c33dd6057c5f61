import { createServer, type Server } from 'node:net';
import { systemClock, type Clock } from '../../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../../base/index.ts';
import { bindError } from '../../service/index.ts';
import { Connection, oldestVersion } from './connection.ts';
import { FaultBoard, type GatewayFault } from './faults.ts';
import { Gateway } from './gateway.ts';
import type { GatewayCounters } from './gateway-context.ts';
import { GeneratedBars } from './generated-bars.ts';
import { catalogue } from './instruments.ts';
import { MessageLog, type LoggedMessage } from './message-log.ts';
import { announcements, type Notice } from './notices.ts';
import { loadReplay } from './replay.ts';

export interface GatewaySimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  host?: string;
  /** Another seed is another history; the same seed always the same. */
  seed?: number;
  /** What time it is in the simulated world. Timers run on `timers`, so a standing clock does not stop the gateway. */
  clock?: Pick<Clock, 'now'>;
  timers?: Pick<Clock, 'after' | 'elapsed'>;
  /** A directory of `<SYMBOL>_<timeframe>*.csv` files, whose instruments are served from them instead of being generated. */
  replay?: string;
  /** How long a history answer takes. */
  latencyMs?: number;
  /** The highest protocol version spoken, 157 to 200. */
  serverVersion?: number;
  enforcePacing?: boolean;
  /** In force from the start. */
  faults?: readonly GatewayFault[];
  log?: Logger;
}

/** A running simulated gateway. */
export interface GatewaySimulator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly counters: Readonly<GatewayCounters>;
  /** The latest frames of all connections, both ways, oldest first. */
  readonly messages: readonly LoggedMessage[];
  /** Makes something go wrong. Disposing the result lifts a standing fault and withdraws a single one not yet used. */
  inject(fault: GatewayFault): Disposable;
  /** Cuts every connection off and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a server that speaks the text protocol of TWS and IB Gateway, on the loopback interface unless told otherwise.
 * @throws KtrdrError `invalid_input` for a version outside 157 to 200 or a replay file that cannot be read as one,
 * `not_found` for a missing replay directory, `conflict` when the port is taken.
 */
export async function startGatewaySimulator(options: GatewaySimulatorOptions = {}): Promise<GatewaySimulator> {
  const {
    port = 0,
    host = '127.0.0.1',
    seed = 1,
    clock = systemClock,
    timers = systemClock,
    serverVersion = 178,
    log = silentLogger,
  } = options;
  if (!Number.isInteger(serverVersion) || serverVersion < oldestVersion || serverVersion > newestVersion) {
    throw new KtrdrError(
      'invalid_input',
      `A simulated gateway cannot speak version ${serverVersion}; choose ${oldestVersion} to ${newestVersion}.`,
    );
  }
  const generated = { instruments: catalogue, source: new GeneratedBars(seed) };
  const market = options.replay === undefined ? generated : await loadReplay(options.replay, generated);
  const now = (): number => clock.now();
  const faults = new FaultBoard();
  const messages = new MessageLog();
  const counters: GatewayCounters = { connections: 0, messages: 0, historyRequests: 0, barsSent: 0, violations: 0 };
  const { enforcePacing = true, latencyMs = 0 } = options;
  const gateway = new Gateway({ ...market, now, timers, faults, counters, enforcePacing, latencyMs, log });
  const connections = new Set<Connection>();

  const server = createServer({ allowHalfOpen: false }, (socket) => {
    const connection = new Connection(socket, {
      number: counters.connections + 1,
      serverVersion,
      now,
      faults,
      messages,
      log,
      onMessage: (fields, from) => gateway.receive(fields, from),
      onClosed: (gone) => {
        connections.delete(gone);
        gateway.disconnected(gone);
      },
    });
    connections.add(connection);
    gateway.connected(connection);
  });
  const address = await listen(server, { port, host });
  log.info('simulated gateway listening', address);

  const dropAll = (): void => {
    for (const connection of connections) connection.close();
  };
  const inject = (fault: GatewayFault): Disposable => {
    if (fault.kind === 'drop_connections') dropAll();
    else faults.add(fault);
    gateway.announce(...(announcedBy[fault.kind]?.begin ?? []));
    return {
      [Symbol.dispose]() {
        if (faults.lift(fault)) gateway.announce(...(announcedBy[fault.kind]?.end(fault) ?? []));
      },
    };
  };
  for (const fault of options.faults ?? []) inject(fault);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      dropAll();
    });
    return closing;
  };
  return {
    ...address,
    counters,
    get messages() {
      return messages.messages;
    },
    inject,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** From 201 on the protocol is binary. */
const newestVersion = 200;

interface Announced {
  readonly begin: readonly Notice[];
  readonly end: (fault: GatewayFault) => readonly Notice[];
}

const announcedBy: Partial<Record<GatewayFault['kind'], Announced>> = {
  connectivity_lost: {
    begin: [announcements.connectivityLost],
    end: (fault) => [
      fault.kind === 'connectivity_lost' && fault.dataLost ? announcements.restoredDataLost : announcements.restored,
    ],
  },
  farm_down: {
    begin: [announcements.marketDataDown, announcements.historyDown, announcements.definitionsDown],
    end: () => [announcements.marketDataUp, announcements.historyUp, announcements.definitionsUp],
  },
};

function listen(server: Server, at: { port: number; host: string }): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindError(cause, at.port, at.host)));
    server.listen(at.port, at.host, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : at.port;
      resolve({ host: at.host, port });
    });
  });
}
