/**
 * Connections of clients, bounded in all and for each client: whoever comes when there is no room takes the place of the one
 * that has been idle longest. RFC 7766 §6.2.2, §6.2.3; RFC 9210 §4.2.
 */
import type { Clock } from "../env/env.ts";
import { clientNetwork } from "./client-network.ts";

export interface Connection {
  readonly address: string;
  /** Questions that wait for an answer. */
  readonly pending: number;
  readonly lastProgressMs: number;
  /** Called now and then: ends what is idle or dribbles. */
  sweep(nowMs: number): void;
  /** Reads no more, answers what was asked, then ends. */
  finish(): void;
  destroy(): void;
}

export interface Room {
  readonly inAll: number;
  readonly perClient: number;
}

/** A newcomer found no room, or an idle one made room for him. */
export type Crowded = "refused" | "replaced";

export class Connections {
  #room: Room;
  readonly #tell: (why: Crowded) => void;
  /** With whose they are: see `clientNetwork`. */
  readonly #all = new Map<Connection, string>();
  readonly #perClient = new Map<string, number>();

  constructor(room: Room, tell: (why: Crowded) => void = () => {}) {
    this.#room = room;
    this.#tell = tell;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Those that are idle make room at once where there is less of it now; one client's when he comes again. */
  useRoom(room: Room): void {
    this.#room = room;
    while (this.#all.size > room.inAll && this.#endIdlest(() => true));
  }

  /** False: there is no room for this client, and nobody idle in whose place it could come. */
  makeRoom(address: string): boolean {
    const client = clientNetwork(address);
    while ((this.#perClient.get(client) ?? 0) >= this.#room.perClient)
      if (!this.#endIdlest((other) => other === client)) return false;
    while (this.#all.size >= this.#room.inAll) if (!this.#endIdlest(() => true)) return false;
    return true;
  }

  add(connection: Connection): void {
    const client = clientNetwork(connection.address);
    this.#all.set(connection, client);
    this.#perClient.set(client, (this.#perClient.get(client) ?? 0) + 1);
  }

  /** Twice does no harm. */
  delete(connection: Connection): void {
    const client = this.#all.get(connection);
    if (client === undefined) return;
    this.#all.delete(connection);
    const left = this.#perClient.get(client)! - 1;
    if (left === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, left);
  }

  sweep(nowMs: number): void {
    for (const connection of this.#all.keys()) connection.sweep(nowMs);
  }

  finish(): void {
    for (const connection of this.#all.keys()) connection.finish();
  }

  destroy(): void {
    for (const connection of this.#all.keys()) connection.destroy();
  }

  /** Without this, idlers would lock out everybody. False if every connection has a question waiting. */
  #endIdlest(among: (client: string) => boolean): boolean {
    let idlest: Connection | null = null;
    for (const [connection, client] of this.#all) {
      if (connection.pending > 0 || !among(client)) continue;
      if (idlest === null || connection.lastProgressMs < idlest.lastProgressMs) idlest = connection;
    }
    this.#tell(idlest === null ? "refused" : "replaced");
    if (idlest === null) return false;
    this.delete(idlest);
    idlest.destroy();
    return true;
  }
}

/** One timer for all connections instead of one for each. */
export async function sweepUntil(
  signal: AbortSignal,
  by: { readonly pools: readonly Connections[]; readonly stepMs: () => number; readonly clock: Clock },
): Promise<void> {
  while (!signal.aborted) {
    await by.clock.sleep(by.stepMs(), signal);
    if (signal.aborted) return;
    const nowMs = by.clock.monotonicMs();
    for (const pool of by.pools) pool.sweep(nowMs);
  }
}
