/** The shapes of node:dns: those of the running Node where it has them, and its error codes with our reasons. */
import dns from "node:dns";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { DnsError } from "../../src/resolver/dns-error.ts";
import { nodeDns } from "../../src/resolver/node-dns.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";
import { createResponder } from "../../src/server/responder.ts";
import { EDE } from "../../src/wire/registry.ts";
import { resolverIn } from "../lab/resolver.ts";
import { failureOf } from "./failure-of.ts";
import { DIGEST, description, smallInternet } from "./small-internet.ts";

const { resolver, clock } = smallInternet();
const ours = nodeDns(resolver);

describe("beside node:dns, which asks our daemon", () => {
  let lab: Resolver;
  let listening: Listening;
  const theirs = new dns.promises.Resolver();

  beforeAll(async () => {
    const world = buildWorld(description, systemClock.unixSeconds());
    lab = resolverIn(world, systemClock, { settings: { totalTimeoutMs: 1000, sendTimeoutMs: 100 } });
    const responder = createResponder({ resolver: lab, clock: systemClock });
    listening = await listen(responder, [{ address: "127.0.0.1", port: 0 }], { clock: systemClock });
    theirs.setServers([`127.0.0.1:${listening.addresses[0]!.port}`]);
  });
  afterAll(async () => {
    await listening.close();
    await lab.close();
  });

  it.each([
    ["good.lab", "A"],
    ["six.good.lab", "AAAA"],
    ["good.lab", "CAA"],
    ["www.good.lab", "CNAME"],
    ["good.lab", "MX"],
    ["nullmx.good.lab", "MX"],
    ["_sip.good.lab", "NAPTR"],
    ["good.lab", "NS"],
    ["25.2.1.5.in-addr.arpa", "PTR"],
    ["good.lab", "SOA"],
    ["_imaps._tcp.good.lab", "SRV"],
    ["good.lab", "TXT"],
    ["www.good.lab", "A"],
    ["host.plain.lab", "A"],
  ] as const)("%s %s is the same to the letter", async (name, type) => {
    const expected = await theirs.resolve(name, type);
    expect(await ours.resolve(name, type)).toEqual(withoutType(expected));
    expect(Object.keys(expected).length).toBeGreaterThan(0);
  });

  it.each([
    ["nobody.good.lab", "A"],
    ["good.lab", "SRV"],
    ["bogus.lab", "MX"],
    ["mx.bogus.lab", "A"],
  ] as const)("%s %s fails in the same words", async (name, type) => {
    const expected = await failureOf(theirs.resolve(name, type));
    const got = await failureOf(ours.resolve(name, type));
    expect({ code: got.code, syscall: got.syscall, hostname: got.hostname }).toEqual({
      code: expected.code,
      syscall: expected.syscall,
      hostname: expected.hostname,
    });
    expect(got.message.startsWith(expected.message)).toBe(true);
  });

  it("gives names for an address", async () => {
    expect(await ours.reverse("5.1.2.25")).toEqual(await theirs.reverse("5.1.2.25"));
    expect(await ours.reverse("2a00::1")).toEqual(["six.good.lab"]);
    expect(await failureOf(ours.reverse("5.1.2"))).toMatchObject({ code: "EINVAL", syscall: "getHostByAddr" });
    expect(await failureOf(ours.reverse("5.1.2.99"))).toMatchObject({ code: "ENOTFOUND" });
  });

  it("takes a Unicode name for its A-label, as Node does", async () => {
    expect(await failureOf(ours.resolve4("bücher.good.lab"))).toMatchObject({ code: "ENOTFOUND" });
    expect((await failureOf(ours.resolve4("bücher.good.lab"))).hostname).toBe("bücher.good.lab");
    expect(await failureOf(ours.resolve4("bü cher.lab"))).toMatchObject({ code: "EBADNAME", syscall: "queryA" });
  });
});

describe("what node:dns has no place for", () => {
  it("TTLs are those that the proof allows", async () => {
    const fresh = smallInternet();
    const faces = nodeDns(fresh.resolver);
    expect(await faces.resolve4("mx.good.lab", { ttl: true })).toEqual([{ address: "5.1.2.25", ttl: 300 }]);
    expect(await faces.resolve6("mx.good.lab", { ttl: true })).toEqual([{ address: "2a00::25", ttl: 900 }]);
    await fresh.clock.advance(100_000);
    expect(await faces.resolve4("mx.good.lab", { ttl: true })).toEqual([{ address: "5.1.2.25", ttl: 200 }]);
  });

  it("a TLSA record has the names of Node and of mail programs", async () => {
    const records = await ours.resolveTlsa("_25._tcp.mx.good.lab");
    expect(records).toHaveLength(2);
    const record = records.find(({ usage }) => usage === 3)!;
    expect(record).toMatchObject({ certUsage: 3, selector: 1, match: 1, usage: 3, mtype: 1, matchingType: 1 });
    expect(record.ttl).toBeLessThanOrEqual(120);
    expect(record.data).toBeInstanceOf(ArrayBuffer);
    expect(Buffer.from(record.data).toString("hex")).toBe(DIGEST);
    expect(record.cert.toString("hex")).toBe(DIGEST);
  });

  it("callers cannot write into the cache", async () => {
    const [first] = await ours.resolveTlsa("_25._tcp.mx.good.lab");
    first!.cert.fill(0);
    const [again] = await ours.resolveTlsa("_25._tcp.mx.good.lab");
    expect(again!.cert.equals(first!.cert)).toBe(false);
  });

  it("TLSA records that nothing proves are no records", async () => {
    expect(await failureOf(ours.resolveTlsa("_25._tcp.host.plain.lab"))).toMatchObject({
      code: "ENODATA",
      status: "insecure",
      message: expect.stringContaining("insecure"),
    });
    expect(await failureOf(ours.resolve("_25._tcp.host.plain.lab", "TLSA"))).toMatchObject({ code: "ENODATA" });
    await expect(ours.resolveAny("_25._tcp.host.plain.lab")).resolves.toEqual([]);
  });

  it("bogus is ESERVFAIL with the reason, the code for clients, and where it broke", async () => {
    const error = await failureOf(ours.resolveTlsa("_25._tcp.mx.bogus.lab"));
    expect(error).toBeInstanceOf(DnsError);
    expect(error).toMatchObject({ code: "ESERVFAIL", syscall: "queryTlsa", status: "bogus" });
    expect(error.ede[0]).toMatchObject({ code: EDE.RRSIGS_MISSING });
    expect(error.cause).toMatchObject({ code: "signatures missing" });
    expect(error.message).toContain("queryTlsa ESERVFAIL _25._tcp.mx.bogus.lab: ");
  });

  it("a denial says whether it is proven", async () => {
    expect(await failureOf(ours.resolveTlsa("_25._tcp.four.good.lab"))).toMatchObject({
      code: "ENOTFOUND",
      status: "secure",
    });
    expect(await failureOf(ours.resolveTlsa("_25._tcp.nobody.plain.lab"))).toMatchObject({
      code: "ENOTFOUND",
      status: "insecure",
    });
  });

  it("resolveAny leaves out what it has no shape for", async () => {
    const records = await ours.resolveAny("key.good.lab");
    expect(records).toEqual([]);
    expect(await ours.resolveAny("mx.good.lab")).toEqual(
      expect.arrayContaining([
        { type: "A", address: "5.1.2.25", ttl: expect.any(Number) },
        { type: "AAAA", address: "2a00::25", ttl: expect.any(Number) },
      ]),
    );
    expect(await ours.resolve("good.lab", "ANY")).toContainEqual({ type: "MX", priority: 10, exchange: "mx.good.lab" });
  });

  it("nobody answers: ESERVFAIL, or ETIMEOUT when our own patience ends", async () => {
    const error = await clock.run(() => failureOf(ours.resolveMx("silent.lab")));
    expect(["ESERVFAIL", "ETIMEOUT"]).toContain(error.code);
    expect(error).toMatchObject({ status: "indeterminate" });
    const hasty = smallInternet({ settings: { totalTimeoutMs: 500 } });
    expect(await hasty.clock.run(() => failureOf(nodeDns(hasty.resolver).resolveMx("silent.lab")))).toMatchObject({
      code: "ETIMEOUT",
      cause: { code: "too late" },
    });
  });

  it("an aborted signal is ECANCELLED, as after cancel()", async () => {
    expect(await failureOf(ours.resolve4("elsewhere.lab", { signal: AbortSignal.abort() }))).toMatchObject({
      code: "ECANCELLED",
    });
  });
});

describe("callers' mistakes", () => {
  it.each([
    ["a..b", "EBADNAME"],
    [`${"a".repeat(64)}.lab`, "EBADNAME"],
    [`${"a.".repeat(130)}lab`, "EBADNAME"],
  ])("%s is %s", async (name, code) => {
    expect(await failureOf(ours.resolveMx(name))).toMatchObject({
      code,
      syscall: "queryMx",
      hostname: name,
      status: null,
    });
  });

  it("are TypeErrors with Node's code where they are in the program", async () => {
    await expect(ours.resolve4(undefined as unknown as string)).rejects.toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
    await expect(ours.resolve("good.lab", "NOPE" as "A")).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    await expect(ours.resolve("good.lab", "toString" as "A")).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });
});

/** Node 24 names the type in MX, SRV and CAA records, which its documentation does for ANY only; Node 20 and 22 do not. */
function withoutType(records: unknown): unknown {
  if (!Array.isArray(records)) return records;
  return records.map((record) => {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return record;
    const { type: _type, ...rest } = record;
    return rest;
  });
}
