import { createServer, type Server } from 'node:net';
import { systemClock, type Clock } from '../../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../../base/index.ts';
import { bindError } from '../../service/index.ts';
import { catalogue } from './instruments/catalogue.ts';
import { oldestVersion } from './connection.ts';
import { Connections } from './connections.ts';
import { FaultBoard, type StandingFault } from './faults/fault-board.ts';
import { FaultEffects } from './faults/fault-effects.ts';
import type { GatewayFault } from './faults/faults.ts';
import { Gateway } from './gateway.ts';
import type { GatewayCounters } from './gateway-context.ts';
import { GeneratedBars } from './bars/generated-bars.ts';
import { withHoles } from './bars/holes.ts';
import type { Instrument } from './instruments/instruments.ts';
import { MessageLog, type LoggedMessage } from './message-log.ts';
import type { ListedRequest } from './open-requests.ts';
import { keyOf } from './bars/random.ts';
import { loadReplay } from './bars/replay.ts';
import type { GatewayRequest } from './protocol/requests.ts';
import { Violations, type Violation } from './violations.ts';

export interface GatewaySimulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  host?: string;
  /** Another seed is another history; the same seed always the same. */
  seed?: number;
  /** What time it is in the simulated world. Timers run on `timers`, so a standing clock does not stop the gateway. */
  clock?: Pick<Clock, 'now'>;
  timers?: Pick<Clock, 'after' | 'elapsed'>;
  /** Served beside the ones that there are; one with the id of another takes its place. */
  instruments?: readonly Instrument[];
  /** A directory of `<SYMBOL>_<timeframe>*.csv` files, whose instruments are served from them instead of being generated. */
  replay?: string;
  /** The share of intraday bars that are missing on purpose, 0 to 1; always the same ones. */
  holes?: number;
  /** How long a history answer takes. */
  latencyMs?: number;
  /** The highest protocol version spoken, 157 to 200. */
  serverVersion?: number;
  enforcePacing?: boolean;
  /** Symbols whose data the account has not subscribed to. */
  withoutPermission?: readonly string[];
  /** In force from the start. */
  faults?: readonly GatewayFault[];
  log?: Logger;
}

/** A client with a session. */
export interface ConnectedClient {
  /** Counted from 1. */
  readonly connection: number;
  readonly client: number;
  /** The protocol version agreed on. */
  readonly version: number;
}

/** A running simulated gateway. */
export interface GatewaySimulator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly serverVersion: number;
  readonly counters: Readonly<GatewayCounters>;
  /** The latest frames of all connections, both ways, oldest first. */
  readonly messages: readonly LoggedMessage[];
  readonly clients: readonly ConnectedClient[];
  readonly openRequests: readonly ListedRequest[];
  readonly violations: readonly Violation[];
  readonly faults: readonly StandingFault[];
  /** Those behind a sequence number that are still kept, oldest first. */
  messagesAfter(sequence: number, limit: number): readonly LoggedMessage[];
  /** Hears of every frame. */
  onMessage(listener: (message: LoggedMessage) => void): Disposable;
  /** Hears of every request before it is answered. */
  onRequest(listener: (request: GatewayRequest) => void): Disposable;
  /**
   * Makes something go wrong. Disposing the result lifts a standing fault and withdraws a single one not yet used.
   * @throws KtrdrError `invalid_input` for a fault that there is not.
   */
  inject(fault: GatewayFault): StandingFault & Disposable;
  /** Ends a fault by its id; false when there is none of that id in force. */
  lift(id: number): boolean;
  /** Cuts every connection off and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a server that speaks the text protocol of TWS and IB Gateway, on the loopback interface unless told otherwise.
 * @throws KtrdrError `invalid_input` for a version outside 157 to 200 or a replay file that cannot be read as one,
 * `not_found` for a missing replay directory, `conflict` when the port is taken.
 */
export async function startGatewaySimulator(options: GatewaySimulatorOptions = {}): Promise<GatewaySimulator> {
  const { port = 0, host = '127.0.0.1', serverVersion = 178 } = options;
  if (!Number.isInteger(serverVersion) || serverVersion < oldestVersion || serverVersion > newestVersion) {
    throw new KtrdrError(
      'invalid_input',
      `A simulated gateway cannot speak version ${serverVersion}; choose ${oldestVersion} to ${newestVersion}.`,
    );
  }
  const inside = await insideOf(options);
  const connections = new Connections({ ...inside, serverVersion });
  const effects = new FaultEffects({
    ...inside,
    drop: (concerns) => connections.drop(concerns),
    resume: () => connections.resume(),
  });
  const server = createServer({ allowHalfOpen: false }, (socket) => connections.admit(socket));
  try {
    for (const fault of options.faults ?? []) effects.begin(fault);
    const address = await listen(server, { port, host });
    inside.log.info('simulated gateway listening', address);
    return simulatorOf({ ...inside, ...address, serverVersion, server, connections, effects });
  } catch (error) {
    effects[Symbol.dispose]();
    throw error;
  }
}

/** From 201 on the protocol is binary. */
const newestVersion = 200;

/** What lies behind the sockets of one simulated gateway. */
interface Inside {
  readonly gateway: Gateway;
  readonly board: FaultBoard;
  readonly messages: MessageLog;
  readonly violations: Violations;
  readonly counters: GatewayCounters;
  readonly requestListeners: Set<(request: GatewayRequest) => void>;
  readonly now: () => number;
  readonly timers: Pick<Clock, 'after' | 'elapsed'>;
  readonly log: Logger;
}

async function insideOf(options: GatewaySimulatorOptions): Promise<Inside> {
  const { seed = 1, clock = systemClock, timers = systemClock, log = silentLogger } = options;
  const now = (): number => clock.now();
  const board = new FaultBoard();
  const violations = new Violations();
  const requestListeners: Inside['requestListeners'] = new Set();
  const counters: GatewayCounters = { connections: 0, messages: 0, historyRequests: 0, barsSent: 0, violations: 0 };
  const gateway = new Gateway(
    {
      ...(await marketOf(options, seed)),
      now,
      timers,
      faults: board,
      counters,
      enforcePacing: options.enforcePacing ?? true,
      latencyMs: options.latencyMs ?? 0,
      key: keyOf(`${seed}/latency`),
      withoutPermission: new Set(options.withoutPermission),
      log,
      broken: (rule, connection, request = -1) => {
        counters.violations += 1;
        violations.add({ at: now(), connection, request, rule });
      },
    },
    (request) => {
      for (const listener of requestListeners) listener(request);
    },
  );
  return { gateway, board, messages: new MessageLog(), violations, counters, requestListeners, now, timers, log };
}

async function marketOf({ instruments = [], replay, holes = 0 }: GatewaySimulatorOptions, seed: number) {
  const own = new Set(instruments.map(({ conId }) => conId));
  const known = [...instruments, ...catalogue.filter(({ conId }) => !own.has(conId))];
  const generated = { instruments: known, source: withHoles(new GeneratedBars(seed), { share: holes, seed }) };
  return replay === undefined ? generated : loadReplay(replay, generated);
}

function listen(server: Server, at: { port: number; host: string }): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindError(cause, { port: at.port, hostname: at.host })));
    server.listen(at.port, at.host, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : at.port;
      resolve({ host: at.host, port });
    });
  });
}

interface Running extends Inside {
  readonly host: string;
  readonly port: number;
  readonly serverVersion: number;
  readonly server: Server;
  readonly connections: Connections;
  readonly effects: FaultEffects;
}

/** A running gateway as those see it who look at it and make things go wrong. */
function simulatorOf(running: Running): GatewaySimulator {
  const { host, port, serverVersion, server, connections, effects } = running;
  const { gateway, board, messages, violations, counters, requestListeners } = running;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      effects[Symbol.dispose]();
      server.close(() => resolve());
      connections.drop(() => true);
    });
    return closing;
  };
  return {
    host,
    port,
    serverVersion,
    counters,
    get messages() {
      return messages.messages;
    },
    get clients() {
      return gateway.sessions.map(({ number, clientId = -1, version }) => ({
        connection: number,
        client: clientId,
        version,
      }));
    },
    get openRequests() {
      return gateway.openRequests;
    },
    get violations() {
      return violations.list;
    },
    get faults() {
      return board.all;
    },
    messagesAfter: (sequence, limit) => messages.after(sequence, limit),
    onMessage: (listener) => messages.listen(listener),
    onRequest: (listener) => {
      requestListeners.add(listener);
      return { [Symbol.dispose]: () => void requestListeners.delete(listener) };
    },
    inject: (fault) => {
      const standing = effects.begin(fault);
      return { ...standing, [Symbol.dispose]: () => void effects.lift(standing) };
    },
    lift: (id) => {
      const standing = board.all.find((candidate) => candidate.id === id);
      return standing !== undefined && effects.lift(standing);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
