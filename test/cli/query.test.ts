import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import {
  a,
  answer,
  broken,
  cname,
  data,
  denial,
  type FakeWorld,
  fakeResolver,
  insecure,
  nsec,
  question,
  secure,
  signed,
  soa,
} from "../server/answers.ts";
import { testIo } from "./io.ts";

const chain = answer(question("www.example.", 1), secure(data("mx.example.", [signed(a("mx.example.", 25))])), {
  aliases: [
    {
      from: Name.parse("www.example."),
      to: Name.parse("mx.example."),
      verdict: secure({
        alias: signed(cname("www.example.", "mx.example.")),
        target: Name.parse("mx.example."),
        authority: [],
      }),
    },
  ],
});
const world: FakeWorld = {
  answers: [
    chain,
    answer(
      question("none.example.", TYPE.TLSA),
      secure(
        denial("name error", "none.example.", [
          signed(soa("example.")),
          signed(nsec("m.example.", "o.example.", [1, 46, 47])),
        ]),
      ),
    ),
    answer(question("plain.unsigned.", 1), insecure(data("plain.unsigned.", [a("plain.unsigned.", 9)]))),
    answer(
      question("bad.example.", 1),
      broken(
        "bogus",
        "signature expired",
        "bad.example.",
        "RRSIG of bad.example. A by key 7 expired on 2026-03-01 00:00:00 UTC",
      ),
    ),
    answer(
      question("xn--exmple-cua.example.", 1),
      insecure(data("xn--exmple-cua.example.", [a("xn--exmple-cua.example.", 1)])),
    ),
  ],
};

async function query(args: readonly string[], resolver: Resolver = fakeResolver(world)) {
  const io = testIo(resolver);
  const code = await run(["query", ...args], io);
  return { code, out: io.out(), err: io.err(), made: io.made };
}

describe("rootwalk query", () => {
  it("a secure answer: status, records, each alias with its own status, exit code 0", async () => {
    const { code, out, err } = await query(["www.example"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^; www\.example\. A\n; secure\n; {3}every part is signed/);
    expect(out).toContain("; NOERROR, 1 record, good for 300 s");
    expect(out).toContain("; alias 1: www.example. -> mx.example. CNAME, secure");
    expect(out).toMatch(/^mx\.example\. +300 {2}IN {2}A {2}192\.0\.2\.25$/m);
    expect(out).not.toContain("RRSIG");
  });

  it("a proven absence is secure too", async () => {
    const { code, out } = await query(["none.example", "tlsa"]);
    expect(code).toBe(0);
    expect(out).toContain("; secure denial\n");
    expect(out).toContain("; NXDOMAIN, none.example. does not exist");
    expect(out).not.toContain("NSEC");
  });

  it("--dnssec shows signatures and the denial", async () => {
    expect((await query(["--dnssec", "www.example"])).out).toMatch(/IN {2}RRSIG {2}A 13 2 300/);
    expect((await query(["--dnssec", "none.example", "TLSA"])).out).toMatch(/IN {2}NSEC {2}o\.example\. A RRSIG NSEC/);
  });

  it("insecure, bogus and no answer have exit codes and reasons of their own", async () => {
    const plain = await query(["plain.unsigned."]);
    expect(plain.code).toBe(3);
    expect(plain.out).toContain("; insecure: ");
    expect(plain.out).toContain("192.0.2.9");
    const bad = await query(["bad.example"]);
    expect(bad.code).toBe(4);
    expect(bad.out).toContain("RRSIG of bad.example. A by key 7 expired on 2026-03-01 00:00:00 UTC");
    expect(bad.out).toContain("EDE 7 (Signature Expired)");
    expect(bad.out).toContain("SERVFAIL, no data is shown");
    const silent = await query(["far.example", "MX"]);
    expect(silent.code).toBe(5);
    expect(silent.out).toContain("no server of far.example. answered");
  });

  it("--json says the same to programs", async () => {
    const good = JSON.parse((await query(["--json", "www.example"])).out);
    expect(good).toMatchObject({
      question: { name: "www.example.", type: "A" },
      status: "secure",
      authenticated: true,
      outcome: "answer",
      rcode: "NOERROR",
      reason: { code: "proven" },
      ttl: 300,
      aliases: [{ from: "www.example.", to: "mx.example.", type: "CNAME", status: "secure" }],
      answer: [
        { name: "www.example.", type: "CNAME", ttl: 300, data: "mx.example." },
        { name: "mx.example.", type: "A", ttl: 300, data: "192.0.2.25" },
      ],
      authority: [],
    });
    expect(good.validUntil).toMatch(/^20[0-9]{2}-.*Z$/);
    const bad = await query(["--json", "bad.example"]);
    expect(bad.code).toBe(4);
    expect(JSON.parse(bad.out)).toMatchObject({
      status: "bogus",
      authenticated: false,
      outcome: null,
      reason: { code: "signature expired" },
      ede: [{ code: 7, name: "Signature Expired" }],
      ttl: null,
      validUntil: null,
      answer: [],
    });
    const denied = JSON.parse((await query(["--json", "--dnssec", "none.example", "TLSA"])).out);
    expect(denied).toMatchObject({ outcome: "name error", rcode: "NXDOMAIN" });
    expect(denied.authority.map((record: { type: string }) => record.type)).toEqual(["SOA", "RRSIG", "NSEC", "RRSIG"]);
    expect(JSON.parse((await query(["--json", "plain.unsigned"])).out).reason.code).toBe("no trust anchor");
  });

  it("-x asks for the name that belongs to an address", async () => {
    const v4 = fakeResolver();
    await query(["-x", "192.0.2.1"], v4);
    expect(v4.asked).toEqual(["resolve 1.2.0.192.in-addr.arpa. PTR"]);
    const v6 = fakeResolver();
    await query(["-x", "2001:db8::1"], v6);
    expect(v6.asked[0]).toBe(`resolve 1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa. PTR`);
  });

  it("names are taken as people write them", async () => {
    expect((await query(["exämple.example"])).code).toBe(3);
    const underscored = fakeResolver();
    await query(["_25._tcp.mx.exämple.de", "TLSA"], underscored);
    expect(underscored.asked).toEqual(["resolve _25._tcp.mx.xn--exmple-cua.de. TLSA"]);
  });

  it.each([
    [[], "query needs a name"],
    [["a..b"], "empty label"],
    [[`${"a".repeat(64)}.example`], "64 octets"],
    [["a.", "NOTYPE"], '"NOTYPE" is no record type'],
    [["a.", "AXFR"], "AXFR is no type that a name can have"],
    [["a.", "A", "IN"], '"IN" stands behind them'],
    [["-x", "localhost"], '"localhost" is no IPv4 or IPv6 address'],
    [["--timeout", "0", "a."], "--timeout is"],
    [
      ["--root-hints", "/nonexistent/hints", "a."],
      "cannot read root hints from /nonexistent/hints: there is no such file",
    ],
    [["--trust-anchor-file", "/", "a."], "it is a directory"],
    [["ä..b"], "empty label"],
    [["\u{2fffe}ä"], "no internationalised domain name"],
  ])("%j is a usage error", async (args, line) => {
    const { code, out, err, made } = await query(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(line);
    expect(err.split("\n")).toHaveLength(2);
    expect(made).toEqual([]);
  });

  it("settings, timeout and trace reach the resolver", async () => {
    const { made } = await query(["--timeout", "2.5", "--query-private", "--trace", "www.example"]);
    expect(made).toMatchObject([{ settings: { totalTimeoutMs: 2500, queryPrivate: true } }]);
    expect(made[0]!.onEvent).toBeTypeOf("function");
    expect((await query(["www.example"])).made[0]!.onEvent).toBeUndefined();
  });
});

describe("hints and anchors from files", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "rootwalk-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  }

  it("become the resolver's", async () => {
    const hints = file("hints", ". 3600 NS ns.lab.\nns.lab. 3600 A 127.0.0.9\nns.lab. 3600 AAAA ::9\n");
    const anchors = file("anchors", `. IN DS 4711 13 2 ${"ab".repeat(32)}\n`);
    const { code, made } = await query(["--root-hints", hints, "--trust-anchor-file", anchors, "www.example"]);
    expect(code).toBe(0);
    const { rootHints, trustAnchors } = made[0]!;
    expect(rootHints).toMatchObject([{ addresses: ["127.0.0.9", "::9"] }]);
    expect(trustAnchors).toMatchObject([{ ds: [{ keyTag: 4711, algorithm: 13, digestType: 2 }], keys: [] }]);
  });

  it.each([
    ["root-hints", ". 3600 NS ns.lab.\nns.lab. 3600 A 127.0.0.999\n", "bad:2: "],
    ["root-hints", "this is no zone file (\n", ""],
    ["root-hints", "", "no root server with an address"],
    ["trust-anchor-file", ". IN DS 4711 13 2 abab zz\n", "bad, line 1: "],
    ["trust-anchor-file", "; nothing\n", ""],
    ["trust-anchor-file", "<TrustAnchor>\n<Zone>.</Zone>\n<Surprise/></TrustAnchor>", "line 3"],
  ])("a bad --%s (%j) stops with file, line and reason", async (option, text, said) => {
    const path = file("bad", text);
    const { code, out, err, made } = await query([`--${option}`, path, "www.example"]);
    expect({ code, out, made }).toEqual({ code: 2, out: "", made: [] });
    expect(err).toContain(path);
    expect(err).toContain(said);
    expect(err.split("\n")).toHaveLength(2);
  });
});
