/** What mx-connect and mailauth get, and what must never reach them. RFC 7672 §2.2. */
import { describe, expect, it } from "vitest";
import { mailauthResolver, mxConnectDns } from "../../src/resolver/mail-libraries.ts";
import { failureOf } from "./failure-of.ts";
import { DIGEST, smallInternet } from "./small-internet.ts";

const { resolver, clock } = smallInternet();
const { resolveRecords, resolveTlsa, checkDnssecSecure } = mxConnectDns(resolver);

/** mx-connect takes these for "no records"; everything else defers the host. */
const NO_RECORDS = ["ENODATA", "ENOTFOUND"];

describe("mx-connect", () => {
  it("gets records in the shapes of dns.promises.resolve", async () => {
    expect(await resolveRecords("good.lab", "MX")).toEqual([
      { exchange: "mx.good.lab", priority: 10 },
      { exchange: "mx2.good.lab", priority: 20 },
    ]);
    expect(await resolveRecords("mx.good.lab", "A")).toEqual(["5.1.2.25"]);
    expect(await resolveRecords("mx.good.lab", "AAAA")).toEqual(["2a00::25"]);
    expect(await resolveRecords("good.lab", "TXT")).toContainEqual(["v=spf1 mx", " -all"]);
  });

  it("gets a secure host's TLSA records under the names it reads", async () => {
    expect(await checkDnssecSecure("mx.good.lab")).toEqual({ secure: true });
    const records = await resolveTlsa("_25._tcp.mx.good.lab");
    const { usage, selector, mtype, cert } = records.find((record) => record.usage === 3)!;
    expect({ usage, selector, mtype, cert: cert.toString("hex") }).toEqual({
      usage: 3,
      selector: 1,
      mtype: 1,
      cert: DIGEST,
    });
  });

  it("gets none for a host whose zone is not signed, though records are published", async () => {
    expect(await checkDnssecSecure("host.plain.lab")).toEqual({ secure: false });
    expect(NO_RECORDS).toContain((await failureOf(resolveTlsa("_25._tcp.host.plain.lab"))).code);
  });

  it("gets none where their absence is proven", async () => {
    expect(await checkDnssecSecure("four.good.lab")).toEqual({ secure: true });
    expect(await failureOf(resolveTlsa("_25._tcp.four.good.lab"))).toMatchObject({
      code: "ENOTFOUND",
      status: "secure",
    });
  });

  it("must wait where records or addresses are bogus or silent", async () => {
    expect(await failureOf(resolveTlsa("_25._tcp.mx.bogus.lab"))).toMatchObject({ code: "ESERVFAIL" });
    expect(await failureOf(resolveRecords("bogus.lab", "MX"))).toMatchObject({ code: "ESERVFAIL" });
    expect(await failureOf(checkDnssecSecure("mx.bogus.lab"))).toMatchObject({ code: "ESERVFAIL", status: "bogus" });
    for (const call of [resolveTlsa("_25._tcp.mx.silent.lab"), checkDnssecSecure("mx.silent.lab")]) {
      const { code } = await clock.run(() => failureOf(call));
      expect(NO_RECORDS).not.toContain(code);
    }
  });

  it("is not stopped by one broken family", async () => {
    expect(await checkDnssecSecure("half.bogus.lab")).toEqual({ secure: true });
    expect(await failureOf(resolveTlsa("_25._tcp.half.bogus.lab"))).toMatchObject({ code: "ENOTFOUND" });
  });

  it("finds the records of a secure alias at its end", async () => {
    expect(await checkDnssecSecure("mail.moved.lab")).toEqual({ secure: true });
    expect(await resolveTlsa("_25._tcp.mail.moved.lab")).toEqual(await resolveTlsa("_25._tcp.mx.good.lab"));
  });

  it("finds them at the alias itself where it leads to an insecure name", async () => {
    expect(await checkDnssecSecure("only.moved.lab")).toEqual({ secure: true });
    const [record] = await resolveTlsa("_25._tcp.only.moved.lab");
    expect(record).toMatchObject({ usage: 3, selector: 1, mtype: 1 });
  });

  it("may ask for names of other forms, as they stand", async () => {
    expect(await failureOf(resolveTlsa("mx.good.lab"))).toMatchObject({ code: "ENODATA", status: "secure" });
    expect(await failureOf(resolveTlsa("_25._tcp.a..b"))).toMatchObject({ code: "EBADNAME" });
    expect(await failureOf(checkDnssecSecure("a..b"))).toMatchObject({ code: "EBADNAME" });
  });

  it("a host that does not exist is none to speak securely with", async () => {
    expect(await checkDnssecSecure("nobody.good.lab")).toEqual({ secure: false });
    expect(await failureOf(resolveTlsa("_25._tcp.nobody.good.lab"))).toMatchObject({ code: "ENODATA" });
  });
});

describe("mailauth", () => {
  const resolve = mailauthResolver(resolver);

  it("gets lists, and the codes for what is not there", async () => {
    expect(await resolve("good.lab", "TXT")).toContainEqual(["v=spf1 mx", " -all"]);
    expect(await resolve("mx.good.lab", "A")).toEqual(["5.1.2.25"]);
    expect(await resolve("25.2.1.5.in-addr.arpa", "PTR")).toEqual(["mx.good.lab"]);
    expect(await failureOf(resolve("_dmarc.good.lab", "TXT"))).toMatchObject({ code: "ENOTFOUND" });
    expect(await failureOf(resolve("mx.good.lab", "TXT"))).toMatchObject({ code: "ENODATA" });
    expect(await failureOf(resolve("mx.bogus.lab", "A"))).toMatchObject({ code: "ESERVFAIL" });
  });
});
