/** What can go wrong with a gateway, on purpose. A standing fault holds until it is lifted, a single one happens once. */
export type GatewayFault =
  /** Standing: nothing more is sent to anybody; connections are still accepted. */
  | { readonly kind: 'silence' }
  /** Standing: history requests are never answered. */
  | { readonly kind: 'mute_history' }
  /** Standing: a new client is told its accounts but never its next valid id. */
  | { readonly kind: 'no_next_valid_id' }
  /** Standing: every byte is written on its own. */
  | { readonly kind: 'split_frames' }
  /** Standing: a history answer takes this much longer. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Standing: 1100 when it begins, 1102 when it is lifted, or 1101; in between history is mute and contracts are unknown. */
  | { readonly kind: 'connectivity_lost'; readonly dataLost?: boolean }
  /** Standing: 2103, 2105, 2157 when it begins, 2104, 2106, 2158 when it is lifted. */
  | { readonly kind: 'farm_down' }
  /** Single: the next history request is refused with a pacing violation, although the rules were kept. */
  | { readonly kind: 'false_pacing_violation' }
  /** Single: the connection ends in the middle of the next history answer. */
  | { readonly kind: 'drop_mid_frame' }
  /** Single, at once: every connection is cut off. */
  | { readonly kind: 'drop_connections' };

export type FaultKind = GatewayFault['kind'];

/** The faults in force. */
export class FaultBoard {
  readonly #faults: GatewayFault[] = [];

  add(fault: GatewayFault): void {
    this.#faults.push(fault);
  }

  /** False when it is not in force any more. */
  lift(fault: GatewayFault): boolean {
    const index = this.#faults.indexOf(fault);
    if (index >= 0) this.#faults.splice(index, 1);
    return index >= 0;
  }

  has(kind: FaultKind): boolean {
    return this.#faults.some((fault) => fault.kind === kind);
  }

  /** Uses up a single fault: true once for each time it was injected. */
  take(kind: FaultKind): boolean {
    const fault = this.#faults.find((candidate) => candidate.kind === kind);
    return fault !== undefined && this.lift(fault);
  }

  get latencyMs(): number {
    return this.#faults.reduce((sum, fault) => sum + (fault.kind === 'latency' ? fault.ms : 0), 0);
  }
}
