/**
 * Negative trust anchors in time: each ends by itself, and sooner when its name validates again. RFC 7646 §2: they are for
 * days at most; §4: whether they are still needed is looked up again and again.
 */
import type { UnixSeconds } from "../env/env.ts";
import type { Resolver } from "../resolver/api.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { NegativeAnchor } from "./zone-tables.ts";

export class NegativeAnchors {
  /** When this process first read of it. */
  readonly #since = new Map<NameKey, UnixSeconds>();
  /** Those whose name validates without them. */
  readonly #needless = new Set<NameKey>();

  /** Those that hold at `now`. One that was taken out of the configuration begins anew when it comes back. */
  holding(configured: readonly NegativeAnchor[], now: UnixSeconds): readonly Name[] {
    const keys = new Set(configured.map(({ name }) => name.key));
    for (const key of [...this.#since.keys()]) {
      if (keys.has(key)) continue;
      this.#since.delete(key);
      this.#needless.delete(key);
    }
    return configured.filter((anchor) => this.#holds(anchor, now)).map(({ name }) => name);
  }

  /**
   * Asks a resolver that knows no negative anchors for each of `names`, and remembers those that validate; they hold no
   * longer. Returns them.
   */
  async recheck(names: readonly Name[], resolver: Pick<Resolver, "resolve">): Promise<readonly Name[]> {
    const recovered: Name[] = [];
    for (const name of names) {
      const { verdict } = await resolver.resolve(name, TYPE.SOA);
      if (verdict.status !== "secure" && verdict.status !== "insecure") continue;
      this.#needless.add(name.key);
      recovered.push(name);
    }
    return recovered;
  }

  #holds({ name, until, lifetime }: NegativeAnchor, now: UnixSeconds): boolean {
    const since = this.#since.get(name.key) ?? now;
    this.#since.set(name.key, since);
    return !this.#needless.has(name.key) && now < (until ?? since + lifetime);
  }
}
