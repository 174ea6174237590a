/** What a resolver remembers, as its operator may look at it and have it forgotten. */
import type { DelegationCache } from "../cache/delegations.ts";
import type { ZoneCache } from "../cache/zones.ts";
import type { TrustAnchor } from "../dnssec/anchors.ts";
import type { Clock } from "../env/env.ts";
import { keyIsWithin, type Name, type NameKey } from "../wire/name.ts";
import { typeToText } from "../wire/registry.ts";
import type { Memory, Remembered } from "./api.ts";
import type { KnownAnswers } from "./known.ts";
import type { LinkStore } from "./link-store.ts";

export function memoryOf(parts: {
  readonly clock: Clock;
  readonly links: LinkStore;
  readonly known: KnownAnswers;
  readonly delegations: DelegationCache;
  readonly zones: ZoneCache;
  readonly trustAnchors: () => readonly TrustAnchor[];
  /** Keys that were fetched a moment ago and are not judged yet, and what a snapshot says of the names that `at` chooses. */
  readonly clearUnjudged: (at: (name: NameKey) => boolean) => void;
}): Memory {
  const { clock, links, known, delegations, zones } = parts;
  return {
    inspect(name) {
      const nowMs = clock.monotonicMs();
      const found: Remembered[] = [];
      for (const [type, { link, expiresMs }] of links.at(name)) {
        const { verdict } = link;
        const detail =
          link.kind === "alias"
            ? `alias of ${link.verdict.value.target ?? "a name that is too long"}`
            : "value" in verdict && "kind" in verdict.value
              ? verdict.value.kind
              : "failure";
        found.push({
          what: "answer",
          type: type === null ? "any" : typeToText(type),
          status: verdict.status,
          detail,
          secondsLeft: Math.round((expiresMs - nowMs) / 1000),
        });
      }
      for (const { type, verdict, untilMs } of links.failures.at(name)) {
        const secondsLeft = Math.round((untilMs - nowMs) / 1000);
        found.push({
          what: "failure",
          type: typeToText(type),
          status: verdict.status,
          detail: verdict.failure.detail,
          secondsLeft,
        });
      }
      const delegation = delegations.get(name);
      if (delegation !== undefined) {
        const servers = delegation.servers.map((server) => `${server.name}`).join(" ");
        found.push({ what: "delegation", type: null, status: null, detail: servers, secondsLeft: null });
      }
      const zone = zones.get(name);
      if (zone !== undefined)
        found.push({ what: "zone", type: null, status: zone.status, detail: "chain of trust", secondsLeft: null });
      return found;
    },
    flush(name, scope) {
      const { key } = name;
      const at = (other: string): boolean =>
        scope === "name" ? other === key : keyIsWithin(other as Name["key"], key);
      const dropped = links.forgetAll(name, at) + delegations.forgetAll(at) + zones.forgetAll(at);
      known.clear();
      parts.clearUnjudged(at);
      return dropped;
    },
    sizes() {
      const { entries, octets } = links.size;
      return {
        answers: entries,
        answerOctets: octets,
        delegations: delegations.size,
        zones: zones.size,
        failures: links.failures.size,
      };
    },
    trustAnchors: parts.trustAnchors,
  };
}
