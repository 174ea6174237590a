/** anchorZone: where every chain starts, and the root's rollovers in one moment. RFC 4035 §5, RFC 6840 §5.11. */
import { describe, expect, test } from "vitest";
import type { TrustAnchor } from "../../src/dnssec/anchors.ts";
import { anchorZone, negativelyAnchored, unanchored, type ZoneTrust } from "../../src/dnssec/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { EDE } from "../../src/wire/registry.ts";
import { engines } from "./engines.ts";
import {
  corrupt,
  dnskeys,
  dsOf,
  judgeWith,
  makeKey,
  NOW,
  name,
  reflagged,
  sign,
  signed,
  type TestKey,
  withSignatures,
} from "./signing.ts";

const failureOf = (trust: ZoneTrust) => {
  if (trust.status !== "bogus") throw new Error(`it is ${trust.status}, not bogus`);
  return trust.failure;
};

describe.each(engines)("a trust anchor, by the $name engine", (engine) => {
  const ksk = makeKey(13);
  const zsk = makeKey(13, { flags: 256 });
  const judge = () => judgeWith(engine);
  const ds = (key: TestKey, digestType = 2) => {
    const rdata = dsOf(".", key, digestType);
    return { keyTag: key.tag, algorithm: key.dnskey.algorithm, digestType, digest: rdata.subarray(4) };
  };
  const anchor = (parts: Partial<TrustAnchor>): TrustAnchor => ({
    zone: Name.root,
    ds: [],
    keys: [],
    source: "test.xml",
    ...parts,
  });
  const rootKeys = (keys: readonly TestKey[], ...signers: readonly TestKey[]) =>
    signed(dnskeys(".", keys), ".", ...signers);
  const old = makeKey(8);
  const next = makeKey(13);

  test("may be a DS, a DNSKEY, or both", () => {
    for (const parts of [{ ds: [ds(ksk)] }, { keys: [ksk.dnskey] }, { ds: [ds(ksk)], keys: [ksk.dnskey] }]) {
      const trusted = anchor(parts);
      const zone = anchorZone(trusted, rootKeys([ksk, zsk], ksk), judge());
      if (zone.status !== "secure") throw new Error(zone.status);
      expect(zone.proof).toMatchObject({ anchor: trusted, dnskey: { key: ksk.dnskey } });
    }
  });

  test("with two keys serves whichever of them signs: the root's rollover (R-6840-6)", () => {
    const both = anchor({ ds: [ds(old), ds(next)] });
    expect(anchorZone(both, rootKeys([old, next], old), judge()).status).toBe("secure");
    expect(anchorZone(both, rootKeys([old, next], next), judge()).status).toBe("secure");
    expect(anchorZone(both, rootKeys([next], next), judge()).status).toBe("secure");
    const revoked = reflagged(old, { flags: 385 });
    expect(anchorZone(both, rootKeys([revoked, next], revoked, next), judge()).status).toBe("secure");
  });

  test("does not serve through its revoked key", () => {
    const revoked = reflagged(old, { flags: 385 });
    for (const parts of [{ ds: [ds(old)] }, { keys: [old.dnskey] }, { ds: [ds(revoked)], keys: [revoked.dnskey] }]) {
      const trust = anchorZone(anchor(parts), rootKeys([revoked], revoked), judge());
      expect(failureOf(trust)).toMatchObject({ code: "anchor does not match", ede: EDE.DNSKEY_MISSING });
    }
  });

  test("that matches nothing makes all bogus, and says whence it came", () => {
    const trust = anchorZone(anchor({ ds: [ds(makeKey(13))] }), rootKeys([ksk], ksk), judge());
    expect(failureOf(trust).code).toBe("anchor does not match");
    expect(failureOf(trust).detail).toContain("No DNSKEY of . matches the trust anchor from test.xml");
    expect(failureOf(anchorZone(anchor({ keys: [old.dnskey] }), rootKeys([ksk], ksk), judge())).code).toBe(
      "anchor does not match",
    );
  });

  test("that matches does not excuse a wrong, expired or missing signature", () => {
    const trusted = anchor({ keys: [ksk.dnskey] });
    const keys = dnskeys(".", [ksk]);
    const codeWith = (...signatures: Parameters<typeof withSignatures>[1][]) =>
      failureOf(anchorZone(trusted, withSignatures(keys, ...signatures), judge())).code;
    expect(codeWith()).toBe("signatures missing");
    expect(codeWith(corrupt(sign(keys, ksk, ".")))).toBe("signature wrong");
    expect(codeWith(sign(keys, ksk, ".", { expiration: NOW - 1 }))).toBe("signature expired");
    expect(codeWith(sign(keys, zsk, "."))).toBe("signatures missing");
    expect(failureOf(anchorZone(trusted, null, judge())).code).toBe("DNSKEY missing");
  });

  test("of algorithms that we lack leaves the tree insecure; beside one that we have it is no matter", () => {
    const strange = makeKey(200);
    const only = anchorZone(
      anchor({ ds: [ds(strange)], keys: [strange.dnskey] }),
      rootKeys([strange], strange),
      judge(),
    );
    if (only.status !== "insecure") throw new Error(only.status);
    expect(only.why).toEqual({ kind: "unsupported anchor", cut: Name.root });
    const beside = anchor({ ds: [ds(strange), ds(ksk)] });
    expect(anchorZone(beside, rootKeys([ksk], ksk), judge()).status).toBe("secure");
    expect(failureOf(anchorZone(beside, rootKeys([strange], strange), judge())).code).toBe("anchor does not match");
  });

  test("that is empty is the caller's mistake, not a reason to believe everything", () => {
    expect(() => anchorZone(anchor({}), rootKeys([ksk], ksk), judge())).toThrow(
      "trust anchor of . from test.xml holds neither DS nor DNSKEY",
    );
  });
});

test("names without an anchor, or with a negative one, say so", () => {
  expect(unanchored(name("example.com")).why).toEqual({ kind: "no trust anchor", cut: name("example.com") });
  expect(negativelyAnchored(name("example.com")).why).toEqual({
    kind: "negative trust anchor",
    cut: name("example.com"),
  });
});
