import { describe, expect, it } from "vitest";
import { smtpPolicy } from "../../src/dane/records.ts";
import { lookupTlsa, type TlsaLookup, type TlsaOptions } from "../../src/dane/tlsa-lookup.ts";
import { alter } from "../../src/lab/injure.ts";
import { fails, forType, silent } from "../../src/lab/quirks.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { inWorld, LAB_NOW, tlsaLine } from "./harness.ts";

const good: ZoneDescription = {
  apex: "good.lab.",
  records: `
    mx  A 192.0.2.25
    ${tlsaLine("_25._tcp.mx", "3 1 1 leaf")}
    _25._tcp.pkix  TLSA 1 1 1 ${"ab".repeat(32)}
    _25._tcp.odd   TLSA 3 1 1 abcd
    _25._tcp.odd   TLSA 3 1 2 ${"ab".repeat(32)}
    _25._tcp.odd   TLSA 3 1 0 abcd
    _25._tcp.odd   TLSA 2 0 0 abcd
    _25._tcp.odd   TLSA 255 1 1 ${"ab".repeat(32)}
    _25._tcp.odd   TLSA 3 7 1 ${"ab".repeat(32)}
    _25._tcp.odd   TLSA 3 1 9 ${"ab".repeat(32)}
    _25._tcp.short CNAME _tlsa.mx
    ${tlsaLine("_tlsa.mx", "3 1 1 leaf")}
    ${tlsaLine("*._tcp.wild", "3 1 1 leaf")}
    _25._tcp.away   CNAME _25._tcp.mx.plain.lab.
    _25._tcp.there  CNAME _25._tcp.back.plain.lab.
    _25._tcp.broken CNAME _25._tcp.mx.bogus.lab.
  `,
};
const plain: ZoneDescription = {
  apex: "plain.lab.",
  signing: null,
  records: `
    ${tlsaLine("_25._tcp.mx", "3 1 1 leaf")}
    _25._tcp.back CNAME _25._tcp.mx.good.lab.
  `,
};
const bogus: ZoneDescription = {
  apex: "bogus.lab.",
  records: tlsaLine("_25._tcp.mx", "3 1 1 leaf"),
  edit: (zone) => alter(zone, ["_25._tcp.mx.bogus.lab.", TYPE.TLSA], () => ({ signatures: [] })),
};

async function look(host: string, options: TlsaOptions = {}): Promise<TlsaLookup> {
  return inWorld([good, plain, bogus], ({ resolver, clock }) =>
    lookupTlsa(resolver, host, 25, "tcp", { clock, policy: smtpPolicy, ...options }),
  );
}

describe("TLSA records of a host", () => {
  it("are usable if they are secure and one can be matched", async () => {
    const found = await look("mx.good.lab");
    expect(found).toMatchObject({ kind: "usable", records: [{ usage: 3, selector: 1, matchingType: 1 }], ignored: [] });
    expect(`${found.base}`).toBe("mx.good.lab.");
    expect(found.expires).toBe(LAB_NOW + 3600);
  });

  it("are unusable if none can be matched, and each says why", async () => {
    const found = await look("odd.good.lab");
    expect(found.kind).toBe("unusable");
    expect("ignored" in found && [...found.ignored].sort()).toEqual([
      "2 0 0 abcd: its data is no certificate",
      "255 1 1 abababababababab…: certificate usage 255 is not defined",
      "3 1 0 abcd: its data is no public key that we know",
      "3 1 1 abcd: matching type 1 has 32 octets of data, this one has 2",
      "3 1 2 abababababababab…: matching type 2 has 64 octets of data, this one has 32",
      "3 1 9 abababababababab…: matching type 9 is not defined",
      "3 7 1 abababababababab…: selector 7 is not defined",
    ]);
  });

  it("by public CAs are usable in general, and unusable for SMTP", async () => {
    expect((await look("pkix.good.lab")).kind).toBe("unusable");
    expect((await inWorld([good], ({ resolver }) => lookupTlsa(resolver, "pkix.good.lab", 25, "tcp"))).kind).toBe(
      "usable",
    );
  });

  it("are absent where the zone proves that there are none", async () => {
    const found = await look("none.good.lab");
    expect(found).toMatchObject({ kind: "absent", because: { status: "secure" } });
    expect(found.reason).toBe("_25._tcp.none.good.lab. TLSA: it is proven that there is none");
  });

  it("are absent where nothing can be proven, whatever stands there", async () => {
    const found = await look("mx.plain.lab");
    expect(found).toMatchObject({
      kind: "absent",
      because: { status: "insecure", why: { kind: "unsigned delegation" } },
    });
  });

  it("are unknown where their signature was stripped", async () => {
    const found = await look("mx.bogus.lab");
    expect(found).toMatchObject({
      kind: "unknown",
      because: { status: "bogus", failure: { code: "signatures missing" } },
    });
  });

  it("may be reached by an alias, which does not change the base domain", async () => {
    const found = await look("short.good.lab");
    expect(found.kind).toBe("usable");
    expect(`${found.base}`).toBe("short.good.lab.");
  });

  it("may be reached by a wildcard with its proof", async () => {
    expect((await look("wild.good.lab")).kind).toBe("usable");
  });

  it.each(["away.good.lab", "there.good.lab"])(
    "are worthless if one alias on the way is insecure: %s",
    async (host) => {
      expect(await look(host)).toMatchObject({ kind: "absent", because: { status: "insecure" } });
    },
  );

  it("are unknown if the alias leads to something bogus", async () => {
    expect(await look("broken.good.lab")).toMatchObject({ kind: "unknown", because: { status: "bogus" } });
  });

  it.each([
    ["dropped", silent(forType(TYPE.TLSA))],
    ["refused", fails(RCODE.REFUSED, forType(TYPE.TLSA))],
    ["answered with SERVFAIL", fails(RCODE.SERVFAIL, forType(TYPE.TLSA))],
    ["answered with NOTIMP", fails(RCODE.NOTIMP, forType(TYPE.TLSA))],
  ])("are unknown, not absent, if the question is %s", async (_, quirk) => {
    const found = await inWorld(
      [good],
      ({ resolver, clock }) => lookupTlsa(resolver, "mx.good.lab", 25, "tcp", { clock }),
      {
        servers: [{ name: "ns.good.lab.", quirks: [quirk] }],
      },
    );
    expect(found).toMatchObject({ kind: "unknown", because: { status: "indeterminate" } });
  });

  it("are absent below a negative trust anchor, and say so", async () => {
    const negativeAnchors = [Name.parse("good.lab")];
    const found = await inWorld([good], ({ resolver }) => lookupTlsa(resolver, "mx.good.lab", 25, "tcp"), {
      negativeAnchors,
    });
    expect(found).toMatchObject({
      kind: "absent",
      because: { status: "insecure", why: { kind: "negative trust anchor" } },
    });
    expect(found.reason).toContain("negative trust anchor at good.lab.");
  });

  it("are absent in an opt-out span, which proves no denial, and say so", async () => {
    const optOut: ZoneDescription = {
      apex: "opt.lab.",
      signing: { denial: { optOut: true } },
      records: "mx A 192.0.2.1",
    };
    const found = await inWorld([optOut], ({ resolver }) => lookupTlsa(resolver, "mx.opt.lab", 25, "tcp"));
    expect(found).toMatchObject({ kind: "absent", because: { status: "insecure", why: { kind: "opt-out" } } });
  });

  it("cannot exist where their name would be too long", async () => {
    const host = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(50)}.lab`;
    expect(await look(host)).toMatchObject({ kind: "absent", because: "the owner name would be too long" });
  });

  it("are unknown behind a DNAME too long to follow", async () => {
    const long = `${"n".repeat(63)}.${"n".repeat(63)}.${"n".repeat(63)}`;
    const zone: ZoneDescription = { apex: "dname.lab.", records: `old DNAME ${long}` };
    const host = `${"h".repeat(63)}.old.dname.lab`;
    const found = await inWorld([zone], ({ resolver }) => lookupTlsa(resolver, host, 25, "tcp"));
    expect(found).toMatchObject({ kind: "unknown", because: { status: "secure" } });
    expect(found.reason).toContain("the answer is YXDOMAIN");
  });

  it("cannot be used longer than their signatures are valid", async () => {
    const brief: ZoneDescription = {
      apex: "brief.lab.",
      signing: { validity: (now) => ({ inception: now - 60, expiration: now + 100 }) },
      records: tlsaLine("_25._tcp.mx", "3 1 1 leaf"),
    };
    const found = await inWorld([brief], ({ resolver, clock }) =>
      lookupTlsa(resolver, "mx.brief.lab", 25, "tcp", { clock }),
    );
    expect(found.expires).toBeLessThanOrEqual(LAB_NOW + 100);
  });

  it("are many, and still fit", async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `_25._tcp.mx TLSA 3 1 1 ${i.toString(16).padStart(64, "0")}`);
    const many: ZoneDescription = { apex: "many.lab.", records: lines.join("\n") };
    const found = await inWorld([many], ({ resolver }) => lookupTlsa(resolver, "mx.many.lab", 25, "tcp"));
    expect(found.kind === "usable" && found.records.length).toBe(200);
  });
});

describe("lookupTlsa refuses", () => {
  it.each([-1, 65536, 2.5, Number.NaN])("port %s", async (port) => {
    await expect(inWorld([good], ({ resolver }) => lookupTlsa(resolver, "mx.good.lab", port, "tcp"))).rejects.toThrow(
      RangeError,
    );
  });
  it("a host that is no name", async () => {
    await expect(look("mx..lab")).rejects.toThrow(TypeError);
  });
  it("a policy by which nothing could ever match", async () => {
    await expect(look("mx.good.lab", { policy: { ...smtpPolicy, digests: [] } })).rejects.toThrow(
      "DANE digests are none",
    );
    await expect(look("mx.good.lab", { policy: { ...smtpPolicy, usages: [7 as 3] } })).rejects.toThrow(
      "DANE usages are 7",
    );
  });
});
