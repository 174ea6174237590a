/** what memory holds when a signature ends: aliases, DNAMEs, denials, keys, and stale data. RFC 4035 §5.3.3. */
import { describe, expect, test } from "vitest";
import { alter, rezone } from "../../src/lab/injure.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { asksWithin } from "../attacks/path.ts";
import { story } from "./story.ts";

const LIFE = 300;
/** TTLs of an hour, signatures of five minutes. */
const shortLived = rezone("good.lab.", {
  signing: { validity: (now) => ({ inception: now - 60, expiration: now + LIFE }) },
});

describe("five minutes after it was signed", () => {
  test.each([
    ["an address", "www.good.lab", "A"],
    ["an alias", "alias.good.lab", "A"],
    ["a name below a DNAME", "www.old.good.lab", "A"],
    ["a denial", "nobody.good.lab", "A"],
    ["a wildcard's data", "a.wild.good.lab", "A"],
    ["TLSA", "_25._tcp.mx.good.lab", "TLSA"],
  ])("A-46: %s is not secure a second longer, whatever its TTL", (_, name, type) =>
    story({ world: shortLived }, async (it) => {
      const fresh = await it.ask(name, type);
      expect(fresh.status).toBe("secure");
      expect(fresh.answer.ttl).toBeGreaterThan(0);
      expect(fresh.answer.validUntil! - it.clock.unixSeconds()).toBeLessThanOrEqual(LIFE);
      await it.clock.advance((LIFE - 1) * 1000);
      expect(await it.ask(name, type)).toMatchObject({ status: "secure", cost: { packets: 0 } });
      await it.clock.advance(2000);
      expect(await it.ask(name, type)).toMatchObject({ status: "bogus", reason: "signature expired", ede: [7] });
      expect(it.transcript().at(-1)).toContain("ns.good.lab.");
    }),
  );

  test("A-46: stale data ends there as well, and so does what was prefetched", () =>
    story({ world: shortLived, settings: { serveStale: true, prefetch: true } }, async (it) => {
      await it.ask("www.good.lab");
      await it.clock.advance((LIFE + 1) * 1000);
      it.lie((_, ask) => (asksWithin(ask, "good.lab") ? null : undefined));
      const { answer } = await it.meanwhile(async () => ({
        answer: await it.resolver.resolve("www.good.lab", "A", { stale: "allowed" }),
      }));
      expect(answer.verdict.status).toBe("indeterminate");
      expect(answer.freshness).toBeUndefined();
    }));
});

test("A-46: a DNAME with TTL 0 serves the question that brought it and no other", () =>
  story({}, async (it) => {
    alter(it.lab.zone("good.lab."), ["old.good.lab.", TYPE.DNAME], () => ({ ttl: 0 }));
    expect(await it.ask("www.old.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.81"] });
    it.transcript();
    expect(await it.ask("www.old.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.81"] });
    expect(it.transcript().length).toBeGreaterThan(0);
    expect(await it.ask("nobody.old.good.lab")).toMatchObject({ status: "secure", data: [] });
    expect(it.transcript().length).toBeGreaterThan(0);
  }));
