/**
 * Addresses of name servers as their own delegations tell them. While a server's address is looked up, the walk passes the
 * delegation of the server's zone, and its glue is as good a hint as any: waiting for the zone itself would cost a round
 * trip. RFC 1034 §5.3.3; what is learned from the server is judged all the same.
 */
import { Ending } from "../env/abort.ts";
import type { Delegation } from "../iterator/delegation.ts";
import type { Name, NameKey } from "../wire/name.ts";

type Listener = (addresses: readonly string[]) => void;

export class GlueWatch {
  readonly #listeners = new Map<NameKey, Set<Listener>>();

  /** A delegation was learned. */
  tell(delegation: Delegation): void {
    if (this.#listeners.size === 0) return;
    for (const { name, addresses } of delegation.servers) {
      // Only a zone's own servers: glue of others is their delegations' to tell.
      if (addresses.length === 0 || !name.isWithin(delegation.zone)) continue;
      for (const listener of this.#listeners.get(name.key) ?? []) listener(addresses);
    }
  }

  /** Glue for `server`, if it is seen before `lookUp` has an answer; the look-up is then given up. Never rejects. */
  async orElse(
    server: Name,
    signal: AbortSignal,
    lookUp: (signal: AbortSignal) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const over = Ending.with(signal);
    let listener: Listener = () => {};
    const seen = new Promise<readonly string[]>((resolve) => {
      listener = resolve;
    });
    const listeners = this.#listeners.get(server.key) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(server.key, listeners);
    try {
      return await Promise.race([lookUp(over), seen]);
    } finally {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(server.key);
      over.abort();
    }
  }
}

/** Glue of `server` in the delegation of the zone that it lies in. */
export function glueIn(delegation: Delegation, server: Name): readonly string[] {
  if (!server.isWithin(delegation.zone)) return [];
  return delegation.servers.find(({ name }) => name.equals(server))?.addresses ?? [];
}
