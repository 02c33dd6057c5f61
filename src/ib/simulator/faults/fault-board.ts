import { parse } from '../../../base/index.ts';
import { gatewayFaultSchema, singleFaults, type FaultKind, type GatewayFault, type ParsedFault } from './faults.ts';

/** Who or what is about to be struck. */
export interface FaultTarget {
  readonly connection?: number;
  readonly client?: number | undefined;
  readonly request?: number;
  readonly symbol?: string;
}

/** A fault in force. */
export interface StandingFault {
  /** Counted from 1. */
  readonly id: number;
  readonly fault: ParsedFault;
  /** How often it has struck. */
  readonly struck: number;
}

interface Entry extends StandingFault {
  struck: number;
  left: number;
}

/** The faults in force. */
export class FaultBoard {
  #entries: Entry[] = [];
  #lastId = 0;

  /** @throws KtrdrError `invalid_input` for a fault that there is not. */
  add(fault: GatewayFault): StandingFault {
    const parsed = parse(gatewayFaultSchema, fault, 'The fault');
    const left = parsed.count ?? (singleFaults.has(parsed.kind) ? 1 : Infinity);
    this.#lastId += 1;
    const entry = { id: this.#lastId, fault: parsed, struck: 0, left };
    this.#entries.push(entry);
    return entry;
  }

  /** False when it is not in force any more. */
  lift(id: number): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    return this.#entries.length < before;
  }

  get all(): readonly StandingFault[] {
    return this.#entries.map(({ id, fault, struck }) => ({ id, fault, struck }));
  }

  /** The first fault of a kind that concerns a target, without using it up: for states, such as a broken farm. */
  find<K extends FaultKind>(kind: K, target: FaultTarget = {}): FaultOf<K> | undefined {
    return this.#entry(kind, target)?.fault as FaultOf<K> | undefined;
  }

  has(kind: FaultKind, target: FaultTarget = {}): boolean {
    return this.#entry(kind, target) !== undefined;
  }

  /** The first fault of a kind that concerns a target; one that has struck often enough is over. */
  strike<K extends FaultKind>(kind: K, target: FaultTarget = {}): FaultOf<K> | undefined {
    const entry = this.#entry(kind, target);
    if (entry === undefined) return undefined;
    entry.struck += 1;
    entry.left -= 1;
    if (entry.left <= 0) this.lift(entry.id);
    return entry.fault as FaultOf<K>;
  }

  #entry(kind: FaultKind, target: FaultTarget): Entry | undefined {
    return this.#entries.find(({ fault }) => fault.kind === kind && concerns(fault, target));
  }
}

export type FaultOf<K extends FaultKind> = Extract<ParsedFault, { kind: K }>;

function concerns({ connection, client, request, symbol }: ParsedFault, target: FaultTarget): boolean {
  return (
    (connection === undefined || connection === target.connection) &&
    (client === undefined || client === target.client) &&
    (request === undefined || request === target.request) &&
    (symbol === undefined || symbol === target.symbol)
  );
}
