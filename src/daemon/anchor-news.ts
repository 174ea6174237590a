/** What an operator should read about managed trust anchors. RFC 5011 §4.2, §5. */
import type { ResolutionEvent } from "../env/events.ts";

/** One line, or null for what needs nobody's attention. */
export function anchorNews(event: ResolutionEvent): string | null {
  switch (event.kind) {
    case "anchor lost":
      return `TRUST ANCHOR LOST: ${event.detail}; find out whether the zone meant it, then give today's keys with --trust-anchor-file`;
    case "anchor state":
      return `trust anchor of ${event.zone}: ${event.trouble}`;
    case "anchor key": {
      const news = keyNews(event.from, event.to);
      return news === null ? null : `trust anchor of ${event.zone}: key ${event.keyTag} ${news}`;
    }
    case "anchor probed":
    case "asked":
    case "replied":
    case "no reply":
    case "cut":
    case "zone":
    case "judged":
    case "alias":
    case "refused":
    case "cached":
    case "limit":
      return null;
  }
}

function keyNews(from: string, to: string): string | null {
  switch (to) {
    case "addpend":
      return "is new, and will be trusted if it stays for 30 days";
    case "valid":
      // The configured keys become valid with the first answer; nobody needs to know.
      return from === "start" ? null : `is trusted${from === "missing" ? " and back" : " from now on"}`;
    case "missing":
      return "is no longer published, and still trusted";
    case "start":
      return from === "addpend"
        ? "was withdrawn before its time, and is not trusted"
        : "was missing for a year, and is no longer trusted";
    case "revoked":
      return "was revoked, and will never be trusted again";
    default:
      return null;
  }
}
