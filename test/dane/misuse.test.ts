/** What must not compile. `tsc -p test/tsconfig.json` fails if one of these lines does. */
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Authenticate, Encrypt, Opportunistic, Skip } from "../../src/dane/actions.ts";
import { matchCertificate } from "../../src/dane/match.ts";
import { smtpPolicy } from "../../src/dane/records.ts";
import type { DeliveryPlan } from "../../src/dane/smtp-plan.ts";
import type { TlsaLookup } from "../../src/dane/tlsa-lookup.ts";
import { type PeerSocket, verifyDane } from "../../src/dane/verify.ts";
import type { Answer, AnswerData } from "../../src/dnssec/answer.ts";
import { Secure, type Verdict } from "../../src/dnssec/verdict.ts";
import { secureRRset } from "../../src/dnssec/views.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { chain, LAB_NOW, rrsetOf } from "./harness.ts";

const by = { names: [], now: LAB_NOW, policy: smtpPolicy };
const never = (): boolean => false;

describe("the compiler refuses", () => {
  it("TLSA records that were only looked up, to the matcher", () => {
    const records: RRset<typeof TYPE.TLSA> = rrsetOf("3 1 1 leaf");
    // @ts-expect-error no status
    expect(() => matchCertificate(records, chain("leaf"), by)).toThrow(TypeError);
  });

  it("a look-alike of a secure value", () => {
    const forged = {
      status: "secure" as const,
      value: rrsetOf("3 1 1 leaf"),
      proof: { parts: [], validUntil: LAB_NOW },
    };
    // @ts-expect-error not made by validation
    expect(() => matchCertificate(forged, chain("leaf"), by)).toThrow(TypeError);
    // @ts-expect-error private constructor
    expect(() => new Secure(Symbol("mint"), forged.value, forged.proof)).toThrow(TypeError);
  });

  it("a verdict that may be insecure, and records of another type", () => {
    const verdict = undefined as unknown as Verdict<AnswerData>;
    const mx = undefined as unknown as Secure<RRset<typeof TYPE.MX>>;
    if (never()) {
      // @ts-expect-error may be insecure
      secureRRset(verdict, TYPE.TLSA);
      // @ts-expect-error MX, not TLSA
      matchCertificate(mx, chain("leaf"), by);
    }
    expectTypeOf(secureRRset<typeof TYPE.TLSA>)
      .parameter(0)
      .toEqualTypeOf<Secure<AnswerData>>();
  });

  it("an answer's data before its status was looked at", () => {
    const answer = { verdict: { status: "bogus", failure: {} } } as unknown as Answer;
    // @ts-expect-error bogus and indeterminate have no value
    expect(answer.verdict.value).toBeUndefined();
  });

  it("a lookup's records before its kind was looked at", () => {
    const lookup = { kind: "unknown" } as unknown as TlsaLookup;
    // @ts-expect-error absent and unknown have no records
    expect(lookup.tlsa).toBeUndefined();
    if (lookup.kind === "usable") expectTypeOf(lookup.tlsa).toEqualTypeOf<Secure<RRset<typeof TYPE.TLSA>>>();
  });

  it("anything but a plan to authenticate, to the check of a socket", () => {
    const socket = undefined as unknown as PeerSocket;
    const actions = undefined as unknown as { encrypt: Encrypt; opportunistic: Opportunistic; skip: Skip };
    const plan = undefined as unknown as DeliveryPlan;
    if (never()) {
      // @ts-expect-error nothing to verify with
      verifyDane(socket, actions.encrypt);
      // @ts-expect-error nothing to verify with
      verifyDane(socket, actions.opportunistic);
      // @ts-expect-error nothing to verify with
      verifyDane(socket, actions.skip);
      // @ts-expect-error which host?
      verifyDane(socket, plan);
      // @ts-expect-error look at `do` first: not every action authenticates
      verifyDane(socket, plan.hosts[0]!.action);
    }
    expectTypeOf(verifyDane).parameter(1).toEqualTypeOf<Authenticate>();
  });
});
