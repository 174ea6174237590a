/** What HTTP requests mean, and for how long answers stay fresh, without sockets. RFC 8484 §4, §5.1. */
import { describe, expect, it } from "vitest";
import { freshnessOf, type RequestHead, readHead } from "../../src/server/doh.ts";
import type { Client } from "../../src/server/responder.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { a, answer, broken, cname, data, denial, question, rrset, secure, signed } from "./answers.ts";
import { bench } from "./bench.ts";
import { query, u16 } from "./requests.ts";

const head = (changes: Partial<RequestHead>): RequestHead => ({
  method: "GET",
  target: "/dns-query",
  contentType: undefined,
  contentLength: undefined,
  ...changes,
});
const read = (changes: Partial<RequestHead>) => readHead(head(changes), 512);
const statusOf = (changes: Partial<RequestHead>) => {
  const meaning = read(changes);
  return meaning.kind === "refusal" ? meaning.status : meaning.kind;
};

describe("a request", () => {
  it("by GET holds its question in base64url without padding", () => {
    const octets = query();
    const text = Buffer.from(octets).toString("base64url");
    expect(read({ target: `/dns-query?dns=${text}` })).toEqual({ kind: "question", octets: Buffer.from(octets) });
    expect(read({ target: `/dns-query?x=1&dns=${text}&y` })).toMatchObject({ kind: "question" });
  });

  // The example of RFC 8484 §4.1.1.
  it("is read as the RFC's example", () => {
    const target = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
    const meaning = read({ target });
    expect(meaning.kind === "question" && Buffer.from(meaning.octets).toString("hex")).toBe(
      "00000100000100000000000003777777076578616d706c6503636f6d0000010001",
    );
  });

  it.each([
    ["no question", { target: "/dns-query" }, 400],
    ["an empty one", { target: "/dns-query?dns=" }, 400],
    ["two", { target: "/dns-query?dns=AAAA&dns=AAAA" }, 400],
    ["base64 with padding", { target: "/dns-query?dns=AAA=" }, 400],
    ["base64 of the other alphabet", { target: "/dns-query?dns=AA+/" }, 400],
    ["a length that no octets have", { target: "/dns-query?dns=AAAAA" }, 400],
    ["another path", { target: "/" }, 404],
    ["a path that only begins so", { target: "/dns-query/x?dns=AAAA" }, 404],
    ["an absolute target", { target: "https://x/dns-query?dns=AAAA" }, 404],
    ["another method", { method: "PUT" }, 405],
    ["a question that is too long", { target: `/dns-query?dns=${"A".repeat(800)}` }, 414],
    ["a target that is too long", { target: `/${"x".repeat(5000)}` }, 414],
    ["a body without a type", { method: "POST" }, 415],
    ["a body of another type", { method: "POST", contentType: "application/json" }, 415],
    ["a body that is too long", { method: "POST", contentType: "application/dns-message", contentLength: "513" }, 413],
    ["a body", { method: "POST", contentType: "Application/DNS-Message; x=1" }, "question in the body"],
  ] as const)("%s", (_, changes, status) => expect(statusOf(changes)).toBe(status));
});

/** MINIMUM is the last of its numbers. */
const soaWith = (ttl: number, minimum: number) =>
  rrset("example.", TYPE.SOA, ttl, [0, 0, ...new Array<number>(18).fill(0), ...u16(minimum)]);

describe("an answer's freshness", () => {
  const from: Client = { address: "127.0.0.1", port: 1, transport: "https" };
  const of = (...answers: Parameters<typeof answer>) => {
    const { respond } = bench({ cached: [answer(...answers)] });
    return freshnessOf(respond(query({ edns: { dnssecOk: true } }), from) as Uint8Array);
  };
  const asked = question("www.example.", TYPE.A);

  it("is the smallest TTL among its records", () => {
    expect(of(asked, secure(data("www.example.", [signed(a("www.example.", 1, 77))])))).toBe(77);
    const rrsets = [cname("www.example.", "b.example.", 300), a("b.example.", 1, 20)];
    expect(of(asked, secure(data("www.example.", rrsets)))).toBe(20);
  });

  it("is that of the SOA record where there are none", () => {
    expect(of(asked, secure(denial("no data", "www.example.", [soaWith(300, 120)])))).toBe(120);
    expect(of(asked, secure(denial("name error", "www.example.", [soaWith(130, 900)])))).toBe(130);
    expect(of(asked, secure(denial("name error", "www.example.", [])))).toBe(0);
  });

  it("is none for failures, and for what cannot be read", () => {
    expect(of(asked, broken("bogus", "alias wrong", "www.example.", "forged"))).toBe(0);
    expect(freshnessOf(new Uint8Array(3))).toBe(0);
    expect(freshnessOf(Uint8Array.from([0, 0, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xc0]))).toBe(0);
  });
});
