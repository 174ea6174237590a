/** Callbacks as node:dns takes them, and signals for all questions of a connection. */
import dns from "node:dns";
import { describe, expect, expectTypeOf, it } from "vitest";
import { callbackDns } from "../../src/resolver/callback-dns.ts";
import type { DnsError } from "../../src/resolver/dns-error.ts";
import { mailauthResolver, mxConnectDns } from "../../src/resolver/mail-libraries.ts";
import { type MxRecord, nodeDns } from "../../src/resolver/node-dns.ts";
import { failureOf } from "./failure-of.ts";
import { smallInternet } from "./small-internet.ts";

const { resolver } = smallInternet();
const ours = callbackDns(resolver);
const promising = nodeDns(resolver);

function called<T>(call: (callback: (error: unknown, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, result) => (error === null ? resolve(result) : reject(error))));
}

describe("callbacks", () => {
  it("are there for every question that node:dns has, and for TLSA", () => {
    const theirs = Object.keys(dns).filter((name) => /^(resolve|reverse|lookup$)/.test(name));
    expect(Object.keys(ours)).toEqual(expect.arrayContaining([...theirs, "resolveTlsa"]));
    expect(Object.keys(promising)).toEqual(expect.arrayContaining([...theirs, "resolveTlsa"]));
  });

  it("get what the promises give", async () => {
    expect(await called((done) => ours.resolveMx("good.lab", done))).toEqual(await promising.resolveMx("good.lab"));
    expect(await called((done) => ours.resolve("mx.good.lab", done))).toEqual(["5.1.2.25"]);
    expect(await called((done) => ours.resolve("good.lab", "TXT", done))).toEqual(
      await promising.resolveTxt("good.lab"),
    );
    expect(await called((done) => ours.resolve4("mx.good.lab", { ttl: true }, done))).toMatchObject([
      { address: "5.1.2.25" },
    ]);
    expect(await called((done) => ours.reverse("5.1.2.25", done))).toEqual(["mx.good.lab"]);
    expect(await called((done) => ours.resolveTlsa("_25._tcp.mx.good.lab", done))).toHaveLength(2);
  });

  it("get failures with their code, status and extended errors", async () => {
    const error = await failureOf(called((done) => ours.resolveTlsa("_25._tcp.mx.bogus.lab", done)));
    expect(error).toMatchObject({ code: "ESERVFAIL", status: "bogus", ede: [{ code: 10 }] });
    const { resolve4 } = ours; // taken off
    expect(await failureOf(called((done) => resolve4("nobody.good.lab", done)))).toMatchObject({ code: "ENOTFOUND" });
  });

  it("never come before the call returns", async () => {
    await promising.resolveMx("good.lab");
    let returned = false;
    const seen = called((done) => ours.resolveMx("good.lab", (...args) => done(null, [returned, ...args])));
    returned = true;
    expect(await seen).toMatchObject([true, null, [{ exchange: "mx.good.lab" }, {}]]);
  });

  it("are functions", () => {
    expect(() => ours.resolveMx("good.lab", undefined as never)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });

  it("have the types of their records", () => {
    expectTypeOf(ours.resolveMx).toBeCallableWith(
      "a",
      (_error: NodeJS.ErrnoException | null, _found: MxRecord[]) => {},
    );
    expectTypeOf(ours.resolveMx).returns.toBeVoid();
  });
});

describe("one signal for all questions", () => {
  const signal = AbortSignal.abort();
  const cancelled = { code: "ECANCELLED", status: "indeterminate" } satisfies Partial<DnsError>;
  const fresh = () => smallInternet().resolver;

  it("ends those of node:dns, lookup included", async () => {
    const dns = nodeDns(fresh(), { signal });
    expect(await failureOf(dns.resolveMx("good.lab"))).toMatchObject(cancelled);
    expect(await failureOf(dns.lookup("mx.good.lab"))).toMatchObject(cancelled);
    expect(await failureOf(dns.reverse("5.1.2.25"))).toMatchObject(cancelled);
    const own = dns.resolveMx("good.lab", { signal: new AbortController().signal });
    expect(await own).toHaveLength(2);
  });

  it("ends those of mail libraries, and is no absence for them", async () => {
    const mx = mxConnectDns(fresh(), { signal });
    expect(await failureOf(mx.resolveRecords("good.lab", "MX"))).toMatchObject(cancelled);
    expect(await failureOf(mx.resolveTlsa("_25._tcp.mx.good.lab"))).toMatchObject(cancelled);
    expect(await failureOf(mx.checkDnssecSecure("mx.good.lab"))).toMatchObject(cancelled);
    expect(await failureOf(mailauthResolver(fresh(), { signal })("good.lab", "TXT"))).toMatchObject(cancelled);
  });
});
