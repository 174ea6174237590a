/** What Postfix did and what a server made of our library did with the same message, in the same words. */
import type { Code } from "../../src/dane/codes.ts";
import type { Outcome } from "./mail.ts";
import type { Received } from "./mail-server.ts";

export type Seen =
  /** Postfix's word for the connection; "none": in the clear. */
  | { readonly status: "sent"; readonly tls: "Verified" | "Trusted" | "Untrusted" | "none" }
  | { readonly status: "deferred" | "bounced"; readonly dsn: string; readonly reason: Code }
  | { readonly status: "unknown" };

/** What Postfix logs as the reason, as one of our codes. */
const reasons: readonly (readonly [RegExp, Code])[] = [
  [/TLS is required, but was not offered/, "starttls missing"],
  [/TLSA lookup error for/, "tlsa failed"],
  [/TLSA records unusable/, "required but unusable"],
  [/no TLSA records found|non DNSSEC destination/, "dane required"],
  [/num=62:hostname mismatch[\s\S]*Server certificate not verified/i, "name mismatch"],
  [/num=65:no matching DANE TLSA records[\s\S]*Server certificate not verified/, "no record matches"],
  [/Server certificate not verified/, "certificate not trusted"],
  [/does not accept mail \(nullMX\)/, "null mx"],
  [/type=MX: Host not found, try again/, "mx bogus"],
  [/type=(?:A|AAAA): Host not found, try again/, "address bogus"],
  [/type=(?:A|AAAA): Host found but no data record of requested type/, "no address"],
  [/type=(?:A|AAAA): Host not found\)/, "no such domain"],
];

export function seenOfPostfix({ status, lines }: Outcome): Seen {
  const log = lines.join("\n");
  switch (status) {
    case "sent": {
      const words = [...log.matchAll(/: (Verified|Trusted|Untrusted) TLS connection established to /g)];
      return { status, tls: (words.at(-1)?.[1] ?? "none") as Extract<Seen, { status: "sent" }>["tls"] };
    }
    case "deferred":
    case "bounced": {
      const dsn = /\bdsn=([245]\.\d+\.\d+)/.exec(log)?.[1] ?? "";
      const reason = reasons.find(([pattern]) => pattern.test(log))?.[1];
      return reason === undefined ? { status: "unknown" } : { status, dsn, reason };
    }
    case "unknown":
      return { status };
  }
}

/** Where the two differ on purpose: what we do, and who says so. */
export interface Difference {
  readonly domain: string;
  readonly level: "dane" | "dane-only";
  readonly postfix: string;
  readonly ours: string;
  readonly why: string;
}

export interface Pair {
  readonly domain: string;
  readonly level: "dane" | "dane-only";
  readonly postfix: Seen;
  readonly ours: Seen;
  /** What the lab's mail servers received of either. */
  readonly received: { readonly postfix: readonly Received[]; readonly ours: readonly Received[] };
}

/** One sentence per disagreement; none if both did the same, to the host, the word, the status code and the name indicated. */
export function disagreements(pair: Pair, differences: readonly Difference[]): readonly string[] {
  const { domain, level, postfix, ours, received } = pair;
  const [theirs, own] = [inWords(postfix, received.postfix), inWords(ours, received.ours)];
  const named = differences.find((each) => each.domain === domain && each.level === level);
  if (named !== undefined)
    return named.postfix === theirs && named.ours === own
      ? []
      : [`the difference named (${named.why}) is not there: Postfix: ${theirs}; we: ${own}`];
  return theirs === own ? [] : [`Postfix: ${theirs}; we: ${own}`];
}

export function inWords(seen: Seen, received: readonly Received[]): string {
  switch (seen.status) {
    case "sent": {
      const hosts = received
        .map(({ server, encrypted }) => `${server}${encrypted ? "" : " in the clear"}`)
        .join(" and ");
      // Without DANE, Postfix indicates no name, and we do: RFC 7672 asks for neither.
      const isProven = seen.tls === "Verified" || seen.tls === "Trusted";
      const name = isProven ? `, indicating ${received.map(({ indicated }) => indicated).join(" and ")}` : "";
      return `sent, ${seen.tls}, to ${hosts || "nobody"}${name}`;
    }
    case "deferred":
    case "bounced": {
      const leaked =
        received.length === 0 ? "" : `, and yet ${received.map(({ server }) => server).join(" and ")} got it`;
      return `${seen.status} ${seen.dsn}, ${seen.reason}${leaked}`;
    }
    case "unknown":
      return "nothing that is known";
  }
}

/** Postfix's own numbers where a domain takes no mail at all; none about DANE was found. */
export const differences: readonly Difference[] = (["dane", "dane-only"] as const).flatMap((level) => [
  {
    domain: "null-mx.lab",
    level,
    postfix: "bounced 5.1.0, null mx",
    ours: "bounced 5.1.10, null mx",
    why: "RFC 7505 §4.2 has a number of its own for it",
  },
  {
    domain: "nobody.homeless.lab",
    level,
    postfix: "bounced 5.4.4, no such domain",
    ours: "bounced 5.1.2, no such domain",
    why: "RFC 3463 §3.2: the address is bad, and nothing is wrong with the way to it",
  },
]);
