/** From parent to child and from the anchor down: every rule about DS and DNSKEY, with real signatures. RFC 4035 §5.2. */
import { describe, expect, test } from "vitest";
import { bogus } from "../../src/dnssec/verdict.ts";
import { insecureBelow, judgeCut, judgeKeys, SecureZone, type ZoneTrust } from "../../src/dnssec/zone.ts";
import type { Cut } from "../../src/rrset/findings.ts";
import { EDE, TYPE } from "../../src/wire/registry.ts";
import { engines } from "./engines.ts";
import {
  bareKey,
  corrupt,
  counting,
  DAY,
  dnskeys,
  dsFrom,
  dsOf,
  expanded,
  type JudgeShape,
  judgeWith,
  makeKey,
  makeRRset,
  NOW,
  name,
  reflagged,
  secureZone,
  sign,
  signed,
  spoilt,
  withSameTag,
  withSignatures,
} from "./signing.ts";

const PARENT = "com";
const CHILD = "example.com";

const failureOf = (trust: { readonly status: string }) => {
  if (trust.status !== "bogus") throw new Error(`it is ${trust.status}, not bogus`);
  return (trust as Extract<ZoneTrust, { status: "bogus" }>).failure;
};

describe.each(engines)("$name engine", (engine) => {
  const parentKey = makeKey(13);
  const parent = secureZone(PARENT, [parentKey], engine);
  const ksk = makeKey(13);
  const zsk = makeKey(13, { flags: 256 });
  const judge = (shape?: JudgeShape) => judgeWith(engine, shape);

  const cutWith = (...ds: readonly Uint8Array[]): Cut => ({
    zone: name(CHILD),
    ds: signed(makeRRset(CHILD, TYPE.DS, ds), PARENT, parentKey),
    evidence: [],
  });
  /** Both steps at once. */
  const enter = (cut: Cut, dnskey: ReturnType<typeof dnskeys> | null, by = judge()) => {
    const verdict = judgeCut(parent, cut, by);
    switch (verdict.kind) {
      case "signed":
        return judgeKeys(parent, verdict.ds, dnskey, by);
      case "insecure":
        return verdict.zone;
      case "no cut":
        return verdict;
      case "failed":
        return bogus(verdict.failure);
    }
  };
  /** One correct world: a DS for the KSK, which signs both keys. */
  const goodCut = cutWith(dsOf(CHILD, ksk));
  const goodKeys = signed(dnskeys(CHILD, [ksk, zsk]), CHILD, ksk);

  describe("a zone is secure", () => {
    test("with a DS for the key that signs the DNSKEY RRset, and its proof is the chain", () => {
      const zone = enter(goodCut, goodKeys);
      if (zone.status !== "secure") throw new Error(zone.status);
      expect(SecureZone.is(zone)).toBe(true);
      expect(zone.name.toString()).toBe("example.com.");
      expect(zone.keys.map((key) => key.tag)).toEqual([ksk.tag, zsk.tag]);
      expect(zone.proof).toMatchObject({
        parent: parent.proof,
        ds: { rrset: goodCut.ds, key: parentKey.dnskey },
        dnskey: { rrset: goodKeys, key: ksk.dnskey },
      });
    });

    test.each([8, 10, 13, 14, 15, 16])("with keys of algorithm %i", (algorithm) => {
      const key = makeKey(algorithm);
      expect(enter(cutWith(dsOf(CHILD, key)), signed(dnskeys(CHILD, [key]), CHILD, key)).status).toBe("secure");
    });

    test.each([1, 2, 4])("with a DS of digest type %i alone", (digestType) => {
      expect(enter(cutWith(dsOf(CHILD, ksk, digestType)), goodKeys).status).toBe("secure");
    });

    test("with an entry key that lacks the SEP flag (A-42: it is no matter)", () => {
      const key = makeKey(13, { flags: 256 });
      expect(enter(cutWith(dsOf(CHILD, key)), signed(dnskeys(CHILD, [key]), CHILD, key)).status).toBe("secure");
    });

    test("if one of several DS matches: pre-published and orphaned ones are no harm", () => {
      const cut = cutWith(
        dsOf(CHILD, makeKey(13)),
        spoilt(dsOf(CHILD, ksk)),
        dsOf(CHILD, ksk),
        dsOf(CHILD, makeKey(8)),
      );
      expect(enter(cut, goodKeys).status).toBe("secure");
    });

    test("though only one of the algorithms in its DS RRset signs (RFC 6840 §5.11)", () => {
      const rsa = makeKey(8);
      const cut = cutWith(dsOf(CHILD, rsa), dsOf(CHILD, ksk));
      expect(enter(cut, signed(dnskeys(CHILD, [rsa, ksk]), CHILD, ksk)).status).toBe("secure");
    });

    test("with a corrupt and an expired signature before the good one", () => {
      const keys = dnskeys(CHILD, [ksk]);
      const good = sign(keys, ksk, CHILD);
      const dnskey = withSignatures(keys, corrupt(good), sign(keys, ksk, CHILD, { expiration: NOW - 1 }), good);
      expect(enter(goodCut, dnskey).status).toBe("secure");
    });

    test("with a wrong key of the same tag before the right one", () => {
      const twin = withSameTag(ksk);
      expect(enter(goodCut, signed(dnskeys(CHILD, [twin, ksk]), CHILD, ksk)).status).toBe("secure");
    });

    test("beside DS RRs that name what we do not have", () => {
      const cut = cutWith(
        dsFrom({ keyTag: 1, algorithm: 200, digestType: 2, digest: new Uint8Array(32) }),
        dsOf(CHILD, ksk, 250),
        dsOf(CHILD, ksk),
      );
      expect(enter(cut, goodKeys).status).toBe("secure");
    });

    test("until the first signature of the chain expires", () => {
      const ds = makeRRset(CHILD, TYPE.DS, [dsOf(CHILD, ksk)], 86400);
      const cut = (until: number): Cut => ({
        ...goodCut,
        ds: withSignatures(ds, sign(ds, parentKey, PARENT, { expiration: NOW + until })),
      });
      const keys = dnskeys(CHILD, [ksk], 86400);
      const dnskey = (until: number) => withSignatures(keys, sign(keys, ksk, CHILD, { expiration: NOW + until }));
      const validity = (ds: number, dnskey_: number) => {
        const zone = enter(cut(ds), dnskey(dnskey_));
        if (zone.status !== "secure") throw new Error(zone.status);
        return [zone.validUntil - NOW, zone.ttl];
      };
      expect(validity(100, 200)).toEqual([100, 100]);
      expect(validity(200, 150)).toEqual([150, 150]);
      expect(validity(300 * DAY, 300 * DAY)).toEqual([20 * DAY, 86400]); // the parent's own signature
    });
  });

  describe("a zone is bogus", () => {
    const expectBogus = (trust: { readonly status: string }, code: string, ede: number, detail: string) => {
      const why = failureOf(trust);
      expect(why).toMatchObject({ code, ede });
      expect(why.detail).toContain(detail);
    };

    test("without DNSKEYs", () => {
      expectBogus(enter(goodCut, null), "DNSKEY missing", EDE.DNSKEY_MISSING, "example.com. has no DNSKEY RRset");
    });

    test("if no DNSKEY has a tag that a DS names", () => {
      const other = makeKey(13);
      const trust = enter(goodCut, signed(dnskeys(CHILD, [other]), CHILD, other));
      expectBogus(
        trust,
        "no key for DS",
        EDE.DNSKEY_MISSING,
        `holds no key that a DS names (${ksk.tag} of algorithm 13)`,
      );
    });

    test("if the key's digest is another", () => {
      const trust = enter(cutWith(spoilt(dsOf(CHILD, ksk))), goodKeys);
      expectBogus(trust, "no key for DS", EDE.DNSKEY_MISSING, "has another digest (type 2) than the DNSKEY");
    });

    test("if a digest is cut short", () => {
      const trust = enter(cutWith(dsOf(CHILD, ksk).subarray(0, 20)), goodKeys);
      expectBogus(trust, "no key for DS", EDE.DNSKEY_MISSING, "has another digest");
    });

    test("if the DS names the key for another zone", () => {
      expect(failureOf(enter(cutWith(dsOf("example.net", ksk)), goodKeys)).code).toBe("no key for DS");
    });

    test("if the KSK's signature is wrong", () => {
      const keys = dnskeys(CHILD, [ksk]);
      const trust = enter(goodCut, withSignatures(keys, corrupt(sign(keys, ksk, CHILD))));
      expectBogus(
        trust,
        "signature wrong",
        EDE.DNSSEC_BOGUS,
        `RRSIG of example.com. DNSKEY by key ${ksk.tag} does not verify`,
      );
    });

    test("if the KSK's signature has expired", () => {
      const keys = dnskeys(CHILD, [ksk]);
      const trust = enter(goodCut, withSignatures(keys, sign(keys, ksk, CHILD, { expiration: NOW - 5 })));
      expectBogus(trust, "signature expired", EDE.SIGNATURE_EXPIRED, "example.com. DNSKEY by key");
    });

    test("if the DNSKEY RRset is unsigned", () => {
      const trust = enter(goodCut, dnskeys(CHILD, [ksk]));
      expectBogus(trust, "signatures missing", EDE.RRSIGS_MISSING, "example.com. DNSKEY has no RRSIG");
    });

    test("if only keys without a DS sign the DNSKEY RRset", () => {
      const trust = enter(goodCut, signed(dnskeys(CHILD, [ksk, zsk]), CHILD, zsk));
      expectBogus(
        trust,
        "signatures missing",
        EDE.RRSIGS_MISSING,
        `is signed by key ${zsk.tag}, and a DS names ${ksk.tag}`,
      );
    });

    test.each([
      ["lacks the zone key flag", { flags: 1 }, "no zone key", EDE.NO_ZONE_KEY_BIT],
      ["has protocol 4", { protocol: 4 }, "no key for DS", EDE.DNSKEY_MISSING],
      ["is revoked", { flags: 385 }, "no key for DS", EDE.DNSKEY_MISSING],
    ] as const)("if the only key that the DS matches %s (A-42)", (_what, change, code, ede) => {
      const key = reflagged(makeKey(13), change);
      const trust = enter(cutWith(dsOf(CHILD, key)), signed(dnskeys(CHILD, [key]), CHILD, key));
      expectBogus(trust, code, ede, `DS of example.com. names key ${key.tag}`);
    });

    test("with a good SHA-1 DS beside a wrong SHA-256 one (A-40, RFC 4509 §3)", () => {
      const trust = enter(cutWith(dsOf(CHILD, ksk, 1), spoilt(dsOf(CHILD, ksk, 2))), goodKeys);
      expectBogus(trust, "no key for DS", EDE.DNSKEY_MISSING, "another digest (type 2)");
    });

    test("with a wrong DS of a known algorithm beside one of an unknown (A-40, RFC 6840 §5.2)", () => {
      const unknown = dsFrom({ keyTag: 7, algorithm: 200, digestType: 2, digest: new Uint8Array(32) });
      expect(failureOf(enter(cutWith(unknown, spoilt(dsOf(CHILD, ksk))), goodKeys)).code).toBe("no key for DS");
      expect(failureOf(enter(cutWith(dsOf(CHILD, ksk, 99), spoilt(dsOf(CHILD, ksk))), goodKeys)).code).toBe(
        "no key for DS",
      );
    });

    test("though a good SHA-1 DS beside a DS of unknown digest type does count", () => {
      expect(enter(cutWith(dsOf(CHILD, ksk, 1), dsOf(CHILD, ksk, 99)), goodKeys).status).toBe("secure");
    });

    test("with a key that the engine refuses: never insecure by accident", () => {
      const modulus = new Uint8Array(64).fill(0xab); // 512 bits
      const weak = bareKey(8, Uint8Array.of(3, 1, 0, 1, ...modulus));
      const keys = dnskeys(CHILD, [weak]);
      const made = sign(keys, ksk, CHILD, { fields: { algorithm: 8, keyTag: weak.tag } });
      const trust = enter(cutWith(dsOf(CHILD, weak)), withSignatures(keys, made));
      expectBogus(trust, "key malformed", EDE.DNSKEY_MISSING, "of a size that is refused");
    });

    test("if the DS RRset is unsigned, wrongly signed or signed by the child", () => {
      const ds = makeRRset(CHILD, TYPE.DS, [dsOf(CHILD, ksk)]);
      const codeWith = (...signatures: Parameters<typeof withSignatures>[1][]) =>
        failureOf(enter({ ...goodCut, ds: withSignatures(ds, ...signatures) }, goodKeys)).code;
      expect(codeWith()).toBe("signatures missing");
      expect(codeWith(corrupt(sign(ds, parentKey, PARENT)))).toBe("signature wrong");
      expect(codeWith(sign(ds, ksk, CHILD))).toBe("signature by wrong zone");
      expect(codeWith(sign(ds, parentKey, PARENT, { inception: NOW + 3600 }))).toBe("signature not yet valid");
    });

    test("if its DS is an expanded wildcard", () => {
      const wild = signed(makeRRset("*.com", TYPE.DS, [dsOf(CHILD, ksk)]), PARENT, parentKey);
      const trust = enter({ ...goodCut, ds: expanded(wild, CHILD) }, goodKeys);
      expectBogus(trust, "signature labels wrong", EDE.DNSSEC_BOGUS, "DS of example.com. is an expansion of *.com.");
    });

    test("if there is neither DS nor denial", () => {
      expect(failureOf(enter({ zone: name(CHILD), ds: null, evidence: [] }, null)).ede).toBe(EDE.NSEC_MISSING);
    });
  });

  describe("a zone is insecure, with the DS RRset as proof", () => {
    const insecure = (cut: Cut, shape?: JudgeShape) => {
      const zone = enter(cut, null, judge(shape));
      if (zone.status !== "insecure") throw new Error(zone.status);
      return zone.why;
    };

    test.each([1, 3, 5, 6, 7, 12, 17, 23, 200, 252, 253, 254])("if all DS name algorithm %i", (algorithm) => {
      const cut = cutWith(dsFrom({ keyTag: 1, algorithm, digestType: 2, digest: new Uint8Array(32) }));
      expect(insecure(cut)).toMatchObject({ kind: "unsupported algorithm", ds: { status: "secure", value: cut.ds } });
    });

    test.each([0, 3, 5, 6, 250])("if all DS have digest type %i", (digestType) => {
      const cut = cutWith(dsFrom({ keyTag: 1, algorithm: 13, digestType, digest: new Uint8Array(32) }));
      expect(insecure(cut)).toMatchObject({ kind: "unsupported digest", ds: { status: "secure", value: cut.ds } });
    });

    test("also where the operator gave up SHA-1", () => {
      const why = insecure(cutWith(dsOf(CHILD, ksk, 1)), { policy: { digests: new Set([2, 4]) } });
      expect(why.kind).toBe("unsupported digest");
    });

    test("but only if the parent signed that DS RRset", () => {
      const ds = makeRRset(CHILD, TYPE.DS, [
        dsFrom({ keyTag: 1, algorithm: 200, digestType: 2, digest: new Uint8Array(32) }),
      ]);
      expect(failureOf(enter({ ...goodCut, ds }, null)).code).toBe("signatures missing");
    });

    test("and what lies below inherits the reason", () => {
      const zone = enter(cutWith(dsOf(CHILD, ksk, 99)), null);
      if (zone.status !== "insecure") throw new Error(zone.status);
      expect(insecureBelow(zone, name("a.b.example.com")).why).toBe(zone.why);
      expect(insecureBelow(zone, name(CHILD))).toBe(zone);
      expect(() => insecureBelow(zone, name("example.net"))).toThrow("example.net. is not within example.com.");
    });
  });

  describe("work is bounded", () => {
    test("A-04 HashTrap: 250 DS and 250 keys of one tag come to eight DS and sixteen digests", () => {
      const counted = counting(engine);
      const twins = Array.from({ length: 31 }, (_, i) => withSameTag(ksk, i));
      const ds = Array.from({ length: 250 }, (_, i) =>
        dsFrom({ keyTag: ksk.tag, algorithm: 13, digestType: 2, digest: new Uint8Array(32).fill(i) }),
      );
      const by = judgeWith(counted);
      const trust = enter(cutWith(...ds), signed(dnskeys(CHILD, twins), CHILD, ksk), by);
      expect(failureOf(trust)).toMatchObject({ code: "too much validation work", ede: EDE.DNSSEC_BOGUS });
      expect(counted.calls.digests).toBeLessThanOrEqual(16);
      expect(by.work.spent.digests).toBe(counted.calls.digests);
      expect(by.work.spent.signatures).toBe(1); // the DS RRset's
    });

    test("eight DS RRs are looked at; a ninth that matches comes too late", () => {
      const others = Array.from({ length: 8 }, (_, i) =>
        dsFrom({ keyTag: (ksk.tag + 1 + i) & 0xffff, algorithm: 13, digestType: 2, digest: new Uint8Array(32) }),
      );
      const trust = enter(cutWith(...others, dsOf(CHILD, ksk)), goodKeys);
      expect(failureOf(trust)).toMatchObject({ code: "too much validation work" });
      expect(failureOf(trust).detail).toContain("None of the 9 DS RRs of example.com. matched a DNSKEY within limits");
      expect(enter(cutWith(...others.slice(1), dsOf(CHILD, ksk)), goodKeys).status).toBe("secure");
    });

    test("the question's budget of digests holds across zones", () => {
      const by = judge({ limits: { digests: 1 } });
      expect(enter(goodCut, goodKeys, by).status).toBe("secure");
      expect(failureOf(enter(goodCut, goodKeys, by)).code).toBe("too much validation work");
      expect(by.work.exhausted).toBe("digests");
    });

    test("a key trap in the DNSKEY RRset itself ends in bogus", () => {
      const keys = dnskeys(CHILD, [ksk]);
      const good = sign(keys, ksk, CHILD);
      const jam = Array.from({ length: 300 }, (_, i) => ({ ...corrupt(good), originalTtl: i }));
      const by = judge();
      expect(failureOf(enter(goodCut, withSignatures(keys, ...jam), by)).code).toBe("too much validation work");
      expect(by.work.spent.failedSignatures).toBe(8);
    });
  });

  describe("mistakes of the caller are exceptions", () => {
    test("a cut that is not below its parent, records of other zones, a DS of another parent", () => {
      expect(() => judgeCut(parent, { ...goodCut, zone: name("example.net") }, judge())).toThrow(TypeError);
      expect(() => judgeCut(parent, { ...goodCut, zone: name("other.com") }, judge())).toThrow(
        "DS of example.com. given",
      );
      const cut = judgeCut(parent, goodCut, judge());
      if (cut.kind !== "signed") throw new Error(cut.kind);
      expect(() => judgeKeys(parent, cut.ds, dnskeys("other.com", [ksk]), judge())).toThrow(
        "DNSKEY RRset of other.com.",
      );
      const stranger = secureZone("net", [parentKey], engine);
      expect(() => judgeKeys(stranger, cut.ds, goodKeys, judge())).toThrow("DS of example.com. was not proven by net.");
    });
  });
});
