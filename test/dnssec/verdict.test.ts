import { describe, expect, test } from "vitest";
import { failure } from "../../src/dnssec/proof.ts";
import { bogus, Insecure, indeterminate, mintInsecure, mintSecure, Secure } from "../../src/dnssec/verdict.ts";
import { InsecureZone, SecureZone, unanchored } from "../../src/dnssec/zone.ts";
import { Name } from "../../src/wire/name.ts";

type Forge = new (...args: readonly unknown[]) => unknown;

const kinds = [
  { what: "Secure", is: Secure.is, forge: Secure as unknown as Forge },
  { what: "Insecure", is: Insecure.is, forge: Insecure as unknown as Forge },
  { what: "SecureZone", is: SecureZone.is, forge: SecureZone as unknown as Forge },
  { what: "InsecureZone", is: InsecureZone.is, forge: InsecureZone as unknown as Forge },
];

describe.each(kinds)("$what cannot be forged", ({ what, is, forge }) => {
  test("new throws, whatever token it is given", () => {
    for (const token of [undefined, null, Symbol("mint"), Symbol.for("mint"), true, "mint"]) {
      expect(() => new forge(token, "value", { parts: [], validUntil: 0 })).toThrow(
        `${what.startsWith("I") ? "an" : "a"} ${what}`,
      );
    }
  });

  test("neither look-alikes nor heirs of the prototype pass for one", () => {
    expect(is(Object.create(forge.prototype as object))).toBe(false);
    expect(is({ status: what.startsWith("I") ? "insecure" : "secure", value: 1, name: Name.root })).toBe(false);
    for (const nothing of [null, undefined, 1, "secure"]) expect(is(nothing)).toBe(false);
  });

  test("a subclass finds no way in", () => {
    class Heir extends (forge as new (...args: readonly unknown[]) => object) {}
    expect(() => new Heir(Symbol("mint"), 1, {})).toThrow(TypeError);
  });
});

test("what the mint makes is recognised, and only as what it is", () => {
  const secure = mintSecure("data", { parts: [], validUntil: 1 });
  const insecure = mintInsecure("data", { kind: "no trust anchor", cut: Name.root });
  expect([Secure.is(secure), Insecure.is(secure)]).toEqual([true, false]);
  expect([Secure.is(insecure), Insecure.is(insecure)]).toEqual([false, true]);
  expect(InsecureZone.is(unanchored(Name.root))).toBe(true);
  expect(SecureZone.is(unanchored(Name.root))).toBe(false);
});

test("a copy of a Secure is no Secure", () => {
  const secure = mintSecure("data", { parts: [], validUntil: 1 });
  expect(Secure.is({ ...secure })).toBe(false);
  expect(Secure.is(structuredClone({ ...secure }))).toBe(false);
});

test("bogus and indeterminate have no value to misuse", () => {
  const why = failure("signature expired", Name.root, "RRSIG of . DNSKEY by key 1 expired");
  expect(bogus(why)).toEqual({ status: "bogus", failure: why });
  expect(indeterminate(why)).toEqual({ status: "indeterminate", failure: why });
  expect(why.ede).toBe(7);
});
