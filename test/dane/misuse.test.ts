/** What must not compile, and what is refused at run time where somebody forced it. `tsc -p test/tsconfig.json` checks the first. */
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Authenticate, Encrypt, Opportunistic, Skip } from "../../src/dane/actions.ts";
import { matchCertificate } from "../../src/dane/match.ts";
import { smtpPolicy } from "../../src/dane/records.ts";
import { planHost } from "../../src/dane/service-plan.ts";
import { type DeliveryPlan, planDelivery } from "../../src/dane/smtp-plan.ts";
import { lookupTlsa, type TlsaLookup } from "../../src/dane/tlsa-lookup.ts";
import { type PeerSocket, verifyDane } from "../../src/dane/verify.ts";
import type { Answer, AnswerData } from "../../src/dnssec/answer.ts";
import { Secure, type Verdict } from "../../src/dnssec/verdict.ts";
import { secureRRset } from "../../src/dnssec/views.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { chain, LAB_NOW, rrsetOf, unsafeSecure } from "./harness.ts";

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

describe("at run time, where the compiler was silenced", () => {
  const genuineRecords = unsafeSecure("3 1 1 leaf");
  const matches = (tlsa: unknown): unknown => matchCertificate(tlsa as typeof genuineRecords, chain("leaf"), by);

  it("the real thing matches, so that the others fail for what they are", () => {
    expect(matches(genuineRecords)).toMatchObject({ kind: "verified" });
  });

  class Mine {
    readonly status = "secure";
    readonly value = genuineRecords.value;
    readonly proof = genuineRecords.proof;
  }
  Object.setPrototypeOf(Mine.prototype, Secure.prototype);

  it.each([
    ["an object of the same shape", { ...genuineRecords }],
    ["a structured clone", structuredClone({ ...genuineRecords })],
    ["a structured clone of the value itself", structuredClone(genuineRecords)],
    ["what comes back from JSON", JSON.parse(JSON.stringify(genuineRecords))],
    [
      "Object.create with its prototype",
      Object.create(Secure.prototype, Object.getOwnPropertyDescriptors(genuineRecords)),
    ],
    ["Object.create with itself as prototype", Object.create(genuineRecords)],
    ["an object with its prototype set", Object.setPrototypeOf({ ...genuineRecords }, Secure.prototype)],
    ["a class that pretends to extend it", new Mine()],
    ["a proxy", new Proxy(genuineRecords, {})],
    ["nothing", undefined],
    ["the records alone", genuineRecords.value],
  ])("%s is refused", (_, lookAlike) => {
    expect(() => matches(lookAlike)).toThrow(TypeError);
  });

  it("a subclass has no constructor to call", () => {
    const Forced = Secure as unknown as new (...args: unknown[]) => Secure<unknown>;
    class Sub extends Forced {}
    expect(() => new Sub(Symbol("mint"), rrsetOf("3 1 1 leaf"), genuineRecords.proof)).toThrow(TypeError);
    expect(() => Reflect.construct(Secure, [undefined, 1, 1], Sub)).toThrow(TypeError);
  });

  it("a proven value takes no other records, and its class no other test", () => {
    const open = genuineRecords as unknown as { value: unknown; proof: unknown; status: unknown };
    expect(() => {
      open.value = rrsetOf("3 1 1 !leaf");
    }).toThrow(TypeError);
    expect(() => Object.defineProperty(open, "proof", { value: null })).toThrow(TypeError);
    expect(() => Object.assign(Secure, { is: () => true })).toThrow(TypeError);
    expect(() => Object.assign(Secure.prototype, { status: "secure" })).toThrow(TypeError);
  });

  it("actions of other kinds verify nobody", async () => {
    const socket = { getPeerCertificate: () => ({ raw: chain("leaf")[0]!.raw }) } as unknown as PeerSocket;
    const action = { policy: smtpPolicy, names: [], expires: LAB_NOW + 60 };
    const verify = (plan: object): unknown =>
      verifyDane(socket, { ...action, ...plan } as unknown as Authenticate, { now: LAB_NOW });
    expect(verify({ do: "authenticate", tlsa: genuineRecords })).toMatchObject({ kind: "verified" });
    for (const other of ["opportunistic", "skip", "pkix"]) expect(() => verify({ do: other })).toThrow(TypeError);
    const unusable = { do: "encrypt", tlsa: unsafeSecure("1 1 1 leaf") };
    expect(verify(unusable)).toMatchObject({ kind: "refused" });
    for (const expires of [undefined, Number.NaN, LAB_NOW - 7200])
      expect(verify({ tlsa: genuineRecords, expires })).toMatchObject({ kind: "refused", code: "plan expired" });
  });
});

describe("a resolver that only looks like one", () => {
  const secure = (rrsets: readonly RRset[]) => ({
    status: "secure",
    value: { kind: "answer", name: Name.parse("mx.ta.lab"), rrsets, authority: [], rcode: 0 },
    proof: { parts: [], validUntil: LAB_NOW + 60 },
  });
  const insecure = { ...secure([]), status: "insecure", why: { kind: "local", cut: Name.root } };
  const answering = (verdict: object) => ({
    resolve: async () =>
      ({ verdict, aliases: [], ede: [], ttl: 60, rcode: 0, authenticated: true }) as unknown as Answer,
  });

  it.each([
    ["secure records of its own making", secure([rrsetOf("3 1 1 leaf")])],
    ["insecurity of its own making, which would mean: without DANE", insecure],
  ])("cannot bring in %s", async (_, verdict) => {
    await expect(lookupTlsa(answering(verdict), "mx.ta.lab", 25, "tcp")).rejects.toThrow(/made by no validation here/);
    await expect(planDelivery(answering(verdict), "ta.lab")).rejects.toThrow(TypeError);
    await expect(planHost(answering(verdict), "ta.lab", 443)).rejects.toThrow(TypeError);
  });

  it("may say that it does not know", async () => {
    const verdict = { status: "bogus", failure: { code: "loop", detail: "so it says", ede: 0 } };
    const answer = {
      ...(await answering(verdict).resolve()),
      question: { name: Name.root, type: TYPE.TLSA, class: 1 },
    };
    const lookup = await lookupTlsa({ resolve: async () => answer }, "mx.ta.lab", 25, "tcp");
    expect(lookup.kind).toBe("unknown");
  });

  it("cannot make secure records out of a look-alike of a verdict", () => {
    const verdict = secure([rrsetOf("3 1 1 leaf")]) as unknown as Secure<AnswerData>;
    expect(() => secureRRset(verdict, TYPE.TLSA)).toThrow(TypeError);
  });
});
