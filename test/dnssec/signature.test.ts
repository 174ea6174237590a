/** verifyRRset: the checklist of RFC 4035 §5.3.1 with real signatures, by both engines. */
import { describe, expect, test } from "vitest";
import { type Verified, verifyRRset } from "../../src/dnssec/signature.ts";
import { EDE, TYPE } from "../../src/wire/registry.ts";
import { engines } from "./engines.ts";
import {
  addresses,
  corrupt,
  DAY,
  expanded,
  type JudgeShape,
  judgeWith,
  makeKey,
  makeRRset,
  NOW,
  name,
  reflagged,
  type SignatureShape,
  secureZone,
  sign,
  signed,
  withSameTag,
  withSignatures,
} from "./signing.ts";

const WWW = "www.example.com";

function verified(result: Verified): Extract<Verified, { kind: "verified" }> {
  if (result.kind === "failed") throw new Error(result.failure.detail);
  return result;
}

function failed(result: Verified) {
  if (result.kind === "verified") throw new Error("it was verified");
  return result.failure;
}

describe.each(engines)("$name engine", (engine) => {
  const key = makeKey(13);
  const zone = secureZone("example.com", [key], engine);
  const data = addresses(WWW, 1, 2);
  const judge = (shape?: JudgeShape) => judgeWith(engine, shape);
  const verifyShaped = (shape: SignatureShape, by = judge()) =>
    verifyRRset(withSignatures(data, sign(data, key, "example.com", shape)), zone, by);

  describe("accepts", () => {
    test.each([8, 10, 13, 14, 15, 16])("algorithm %i", (algorithm) => {
      const own = makeKey(algorithm);
      const there = secureZone("example.com", [own], engine);
      const result = verified(verifyRRset(signed(data, "example.com", own), there, judge()));
      expect(result.part).toMatchObject({ key: own.dnskey, rrset: { name: data.name }, zone: there.proof });
      expect(result.wildcard).toBeNull();
    });

    test("a key without the SEP flag, which is no matter", () => {
      const zsk = makeKey(13, { flags: 256 });
      const two = secureZone("example.com", [key, zsk], engine);
      const result = verified(verifyRRset(signed(data, "example.com", zsk), two, judge()));
      expect(result.part.key).toEqual(zsk.dnskey);
    });

    test("records in another order and with other letter case than when they were signed", () => {
      const { signatures } = signed(data, "example.com", key);
      const shouted = { ...addresses("WWW.eXample.COM", 2, 1), signatures };
      expect(verifyRRset(shouted, zone, judge()).kind).toBe("verified");
    });

    test("a good signature behind an expired, a corrupt, a foreign and an unknown one", () => {
      const good = sign(data, key, "example.com");
      const siblings = [
        sign(data, key, "example.com", { expiration: NOW - 1 }),
        corrupt(good),
        sign(data, key, "com"),
        sign(data, makeKey(13), "example.com"),
        sign(data, key, "example.com", { fields: { algorithm: 200 } }),
      ];
      const by = judge();
      const result = verified(verifyRRset(withSignatures(data, ...siblings, good), zone, by));
      expect(result.part.signature).toEqual(good);
      // Only the corrupt one cost cryptography before the good one did.
      expect(by.work.spent).toMatchObject({ signatures: 2, failedSignatures: 1 });
    });

    test("the right key behind wrong ones of the same tag (RFC 4034 Appendix B)", () => {
      const zsk = makeKey(15, { flags: 256 });
      const twins = [withSameTag(zsk, 1), withSameTag(zsk, 2), zsk];
      const there = secureZone("example.com", [key, ...twins], engine);
      expect(new Set(twins.map((twin) => twin.tag)).size).toBe(1);
      expect(verified(verifyRRset(signed(data, "example.com", zsk), there, judge())).part.key).toEqual(zsk.dnskey);
    });

    test("a signature within the operator's skews, and not a second beyond", () => {
      const skewed = (seconds: { now: number }) =>
        judge({ now: seconds.now, policy: { inceptionSkew: 60, expirationSkew: 30 } });
      const shape = { inception: NOW, expiration: NOW + 100 };
      expect(verifyShaped(shape, skewed({ now: NOW - 60 })).kind).toBe("verified");
      expect(failed(verifyShaped(shape, skewed({ now: NOW - 61 }))).code).toBe("signature not yet valid");
      expect(verified(verifyShaped(shape, skewed({ now: NOW + 130 }))).ttl).toBe(0);
      expect(failed(verifyShaped(shape, skewed({ now: NOW + 131 }))).code).toBe("signature expired");
    });

    test("the very second of inception and of expiration", () => {
      const strict = { policy: { inceptionSkew: 0 } };
      expect(verifyShaped({ inception: NOW }, judge(strict)).kind).toBe("verified");
      expect(verifyShaped({ expiration: NOW }, judge(strict)).kind).toBe("verified");
      expect(verifyShaped({ expiration: NOW }, judge({ ...strict, now: NOW + 0.9 })).kind).toBe("verified");
    });

    test("times across the end of the 32-bit clock in 2106, and across zero (RFC 1982)", () => {
      const late = 2 ** 32 - 100;
      const shape = { inception: late - DAY, expiration: late + DAY };
      const result = verified(verifyShaped(shape, judge({ now: late })));
      expect(result.validUntil).toBe(Math.min(late + DAY, zone.validUntil));
      expect(verifyShaped(shape, judge({ now: 2 ** 32 + 100 })).kind).toBe("verified");
      expect(failed(verifyShaped(shape, judge({ now: late + 2 * DAY }))).code).toBe("signature expired");
    });
  });

  describe("wildcards", () => {
    const wild = addresses("*.example.com", 9);
    const signedWild = signed(wild, "example.com", key);

    test("an expansion names its closest encloser, whose denial is still to be shown", () => {
      const one = verified(verifyRRset(expanded(signedWild, WWW), zone, judge()));
      expect(one.wildcard?.toString()).toBe("example.com.");
      const deep = verified(verifyRRset(expanded(signedWild, "a.b.c.example.com"), zone, judge()));
      expect(deep.wildcard?.toString()).toBe("example.com.");
    });

    test("a question for the asterisk itself is an exact match (RFC 4592 §2.2.1)", () => {
      expect(verified(verifyRRset(signedWild, zone, judge())).wildcard).toBeNull();
      const deeper = signed(addresses("*.w.example.com", 9), "example.com", key);
      expect(verified(verifyRRset(deeper, zone, judge())).wildcard).toBeNull();
    });

    test("*.w.example.com as an expansion of *.example.com needs a proof like any other", () => {
      const result = verified(verifyRRset(expanded(signedWild, "*.w.example.com"), zone, judge()));
      expect(result.wildcard?.toString()).toBe("example.com.");
    });
  });

  describe("refuses", () => {
    test.each<[string, SignatureShape, string, number, string]>([
      [
        "expired",
        { expiration: NOW - 1 },
        "signature expired",
        EDE.SIGNATURE_EXPIRED,
        "expired on 2026-02-28 23:59:59 UTC",
      ],
      ["expired ten minutes ago", { expiration: NOW - 600 }, "signature expired", EDE.SIGNATURE_EXPIRED, "expired on"],
      [
        "ten minutes early",
        { inception: NOW + 600 },
        "signature not yet valid",
        EDE.SIGNATURE_NOT_YET_VALID,
        "is not valid before 2026-03-01 00:10:00 UTC",
      ],
      [
        "that expires before its inception",
        { inception: NOW - 10, expiration: NOW - 20 },
        "signature expires before inception",
        EDE.SIGNATURE_EXPIRED_BEFORE_VALID,
        "before its inception on",
      ],
      [
        "by the parent zone (R-4034-3)",
        { fields: { signer: name("com") } },
        "signature by wrong zone",
        EDE.DNSSEC_BOGUS,
        "is by zone com., not by example.com.",
      ],
      [
        "by a sibling zone",
        { fields: { signer: name("example.net") } },
        "signature by wrong zone",
        EDE.DNSSEC_BOGUS,
        "is by zone example.net., not by example.com.",
      ],
      [
        "by a zone below",
        { fields: { signer: name(WWW) } },
        "signature by wrong zone",
        EDE.DNSSEC_BOGUS,
        "is by zone www.example.com., not by example.com.",
      ],
      [
        "whose labels would name a wildcard above the zone (A-20)",
        { fields: { labels: 1 } },
        "signature labels wrong",
        EDE.DNSSEC_BOGUS,
        "counts 1 labels, fewer than its signer example.com.",
      ],
      [
        "by a key tag that is not there",
        { fields: { keyTag: (key.tag + 1) & 0xffff } },
        "no key for signature",
        EDE.DNSKEY_MISSING,
        "has no key in the DNSKEY RRset of example.com.",
      ],
      [
        "of another algorithm than its key",
        { fields: { algorithm: 14 } },
        "no key for signature",
        EDE.DNSKEY_MISSING,
        "of algorithm 14 has no key",
      ],
      [
        "of an algorithm that does not count, alone",
        { fields: { algorithm: 5 } },
        "signatures missing",
        EDE.RRSIGS_MISSING,
        "is of algorithm 5, which does not count",
      ],
    ])("a signature %s", (_what, shape, code, ede, detail) => {
      const by = judge();
      const why = failed(verifyShaped(shape, by));
      expect(why).toMatchObject({ code, ede });
      expect(why.detail).toContain(detail);
      expect(by.work.spent.signatures).toBe(0); // all of this is seen before cryptography
    });

    test("more labels than the owner has", () => {
      const signature = { ...sign(data, key, "example.com"), labels: 4 };
      const why = failed(verifyRRset(withSignatures(data, signature), zone, judge()));
      expect(why).toMatchObject({ code: "signature labels wrong", ede: EDE.DNSSEC_BOGUS });
      expect(why.detail).toContain("counts 4 labels, more than the name has");
    });

    test("a literal wildcard whose asterisk was counted", () => {
      const wild = addresses("*.example.com", 1);
      const signature = { ...sign(wild, key, "example.com"), labels: 3 };
      expect(failed(verifyRRset(withSignatures(wild, signature), zone, judge())).code).toBe("signature labels wrong");
    });

    test("a signature made for another type", () => {
      const text = makeRRset(WWW, TYPE.TXT, [Uint8Array.of(1, 65)]);
      const why = failed(verifyRRset(withSignatures(data, sign(text, key, "example.com")), zone, judge()));
      expect(why).toMatchObject({ code: "signature malformed", detail: expect.stringContaining("covers TXT") });
    });

    test("data without a signature", () => {
      const why = failed(verifyRRset(data, zone, judge()));
      expect(why).toMatchObject({ code: "signatures missing", ede: EDE.RRSIGS_MISSING });
      expect(why.detail).toBe("www.example.com. A has no RRSIG");
    });

    test("a signature that is wrong in a single bit", () => {
      const why = failed(verifyRRset(withSignatures(data, corrupt(sign(data, key, "example.com"))), zone, judge()));
      expect(why).toMatchObject({ code: "signature wrong", ede: EDE.DNSSEC_BOGUS });
      expect(why.detail).toBe(`RRSIG of www.example.com. A by key ${key.tag} does not verify`);
    });

    test.each([0, 1, 63, 65, 200])("a signature of %i octets where 64 are due", (length) => {
      const signature = { ...sign(data, key, "example.com"), signature: new Uint8Array(length).fill(1) };
      expect(failed(verifyRRset(withSignatures(data, signature), zone, judge())).code).toBe("signature wrong");
    });

    test("one record more, one record less, one record changed", () => {
      const { signatures } = signed(data, "example.com", key);
      for (const other of [addresses(WWW, 1), addresses(WWW, 1, 2, 3), addresses(WWW, 1, 3)]) {
        expect(failed(verifyRRset({ ...other, signatures }, zone, judge())).code).toBe("signature wrong");
      }
    });

    test("a genuine RRset under another name", () => {
      const { signatures } = signed(data, "example.com", key);
      const moved = { ...addresses("ftp.example.com", 1, 2), signatures };
      expect(failed(verifyRRset(moved, zone, judge())).code).toBe("signature wrong");
    });

    test("names outside the zone, whoever signed them", () => {
      for (const owner of ["example.net", "com", ".", "notexample.com"]) {
        const foreign = addresses(owner, 1);
        const why = failed(verifyRRset(signed(foreign, "example.com", key), zone, judge()));
        expect(why).toMatchObject({ code: "signature by wrong zone", ede: EDE.DNSSEC_BOGUS });
      }
    });

    test("a DS at the zone's own apex: nobody vouches for himself (A-26)", () => {
      const ds = makeRRset("example.com", TYPE.DS, [new Uint8Array(36)]);
      const why = failed(verifyRRset(signed(ds, "example.com", key), zone, judge()));
      expect(why.detail).toBe("example.com. DS belongs to the parent, not to zone example.com. itself");
    });

    test.each([
      TYPE.RRSIG,
      TYPE.ANY,
      TYPE.AXFR,
      TYPE.IXFR,
      TYPE.MAILA,
      TYPE.MAILB,
      TYPE.OPT,
      TYPE.TSIG,
      TYPE.NXNAME,
      0,
    ])("an RRSIG over type %i (A-43)", (type) => {
      const odd = makeRRset(WWW, type, [new Uint8Array(40)]);
      const by = judge();
      const why = failed(
        verifyRRset(withSignatures(odd, { ...sign(data, key, "example.com"), typeCovered: type }), zone, by),
      );
      expect(why).toMatchObject({ code: "signature malformed", ede: EDE.DNSSEC_BOGUS });
      expect(by.work.spent.signatures).toBe(0);
    });

    test.each([
      ["without the zone key flag", { flags: 1 }, "no zone key", EDE.NO_ZONE_KEY_BIT, "without the zone key flag"],
      ["with protocol 4", { protocol: 4 }, "no key for signature", EDE.DNSKEY_MISSING, "protocol is not 3"],
      ["that is revoked", { flags: 384 }, "no key for signature", EDE.DNSKEY_MISSING, "is by a revoked DNSKEY"],
    ] as const)("data signed by a key %s (A-42)", (_what, change, code, ede, detail) => {
      const odd = reflagged(makeKey(13, { flags: 256 }), change);
      const there = secureZone("example.com", [key, odd], engine);
      const by = judge();
      const why = failed(verifyRRset(signed(data, "example.com", odd), there, by));
      expect(why).toMatchObject({ code, ede, detail: expect.stringContaining(detail) });
      expect(by.work.spent.signatures).toBe(0);
    });

    test("an algorithm that the policy does not know, even if the engine does", () => {
      const by = judge({ policy: { algorithms: new Set([8]) } });
      expect(failed(verifyShaped({}, by)).code).toBe("signatures missing");
    });
  });

  describe("tells the most telling reason", () => {
    const wrong = corrupt(sign(data, key, "example.com"));
    const expired = sign(data, key, "example.com", { expiration: NOW - 1 });
    const unknown = sign(data, makeKey(13), "example.com");
    const foreign = sign(data, key, "com");
    test.each([
      ["wrong beats expired", [expired, wrong], "signature wrong"],
      ["expired beats no key", [unknown, expired], "signature expired"],
      ["no key beats another zone", [foreign, unknown], "no key for signature"],
      ["whatever the order", [wrong, expired, unknown, foreign], "signature wrong"],
    ] as const)("%s", (_what, signatures, code) => {
      expect(failed(verifyRRset(withSignatures(data, ...signatures), zone, judge())).code).toBe(code);
    });
  });

  describe("how long it holds (RFC 4035 §5.3.3)", () => {
    const ttlOf = (received: number, shape: SignatureShape) => {
      const signature = sign(data, key, "example.com", shape);
      return verified(verifyRRset({ ...withSignatures(data, signature), ttl: received }, zone, judge())).ttl;
    };

    test("the TTL is the least of received, original and remaining time", () => {
      expect(ttlOf(300, {})).toBe(300);
      expect(ttlOf(7200, {})).toBe(3600);
      expect(ttlOf(3600, { expiration: NOW + 100 })).toBe(100);
      expect(ttlOf(3600, { expiration: NOW })).toBe(0);
    });

    test("validUntil is the earliest expiration of the chain", () => {
      expect(verified(verifyShaped({ expiration: NOW + 50 })).validUntil).toBe(NOW + 50);
      expect(verified(verifyShaped({ expiration: NOW + 300 * DAY })).validUntil).toBe(zone.validUntil);
      expect(zone.validUntil).toBe(NOW + 20 * DAY);
    });
  });
});
