/** Who asks too much is slowed down; nobody's address can be used against him; loopback is not counted. */
import { describe, expect, test } from "vitest";
import { virtualClock } from "../../src/env/virtual.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createAccess } from "../../src/server/access.ts";
import { parsePrefix } from "../../src/server/addresses.ts";
import { serverLimitsWith } from "../../src/server/limits.ts";
import { Rate } from "../../src/server/rate.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";

describe("the pace of a client", () => {
  test("a second's worth at once, then as many as a second brings", () => {
    const rate = new Rate(10);
    const paces = (nowMs: number, count: number) =>
      Array.from({ length: count }, () => rate.pace("192.0.2.1", nowMs)).filter((pace) => pace === "fair").length;
    expect(paces(0, 30)).toBe(10);
    expect(paces(100, 30)).toBe(1);
    expect(paces(600, 30)).toBe(5);
    expect(paces(60_000, 30)).toBe(10);
  });

  test("every second one beyond that is told to come by TCP", () => {
    const rate = new Rate(1);
    expect(Array.from({ length: 5 }, () => rate.pace("192.0.2.1", 0))).toEqual([
      "fair",
      "drop",
      "truncate",
      "drop",
      "truncate",
    ]);
  });

  test("loopback is not counted, and 0 counts nobody", () => {
    const rate = new Rate(1);
    for (const address of ["127.0.0.1", "127.9.9.9", "::1"])
      for (let i = 0; i < 100; i++) expect(rate.pace(address, 0)).toBe("fair");
    const off = new Rate(0);
    for (let i = 0; i < 100; i++) expect(off.pace("192.0.2.1", 0)).toBe("fair");
    expect(rate.size + off.size).toBe(0);
  });

  test("the addresses of one IPv6 network share, others do not", () => {
    const rate = new Rate(1);
    expect(rate.pace("2001:db8::1", 0)).toBe("fair");
    expect(rate.pace("2001:db8::2:0:0:1", 0)).not.toBe("fair");
    expect(rate.pace("2001:db8:0:1::1", 0)).toBe("fair");
  });

  test("an IPv4 address is one client, though a socket for both families shows it as ::ffff:192.0.2.1", () => {
    const rate = new Rate(1);
    expect(rate.pace("::ffff:192.0.2.1", 0)).toBe("fair");
    expect(rate.pace("::ffff:192.0.2.2", 0)).toBe("fair");
    expect(rate.pace("192.0.2.1", 0)).not.toBe("fair");
    for (let i = 0; i < 10; i++) expect(rate.pace("::ffff:127.0.0.1", 0)).toBe("fair");
  });

  test("the /64 of ::1 is not loopback", () => {
    const rate = new Rate(1);
    expect(rate.pace("::2", 0)).toBe("fair");
    expect(rate.pace("::3", 0)).not.toBe("fair");
  });

  test("a hundred thousand forged addresses do not make it grow", () => {
    const rate = new Rate(1);
    for (let i = 0; i < 100_000; i++) rate.pace(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0);
    expect(rate.size).toBeLessThanOrEqual(10_000);
  });
});

describe("what the client is told", () => {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const never = () => new Promise<never>(() => {});
  const responderOf = () =>
    createResponder({
      resolver: { cached: () => undefined, resolve: never, resolveUnchecked: never },
      clock,
      access: createAccess({ rules: [{ prefix: parsePrefix("192.0.2.0/24"), decision: "allow" }] }),
      limits: serverLimitsWith({ questionsPerSecond: 1 }),
      version: "a long text that would make an answer larger than its question",
    });
  const client = (transport: Client["transport"], address = "192.0.2.7"): Client => ({
    address,
    port: 4711,
    transport,
  });
  const question = { name: Name.parse("version.bind"), type: TYPE.TXT, class: 3 };
  const query = encodeQuery({ id: 7, question, rd: true, cd: false, edns: { udpSize: 1232, options: [] } });

  test("over UDP nothing, or TC and not an octet more than he sent", () => {
    const { respond } = responderOf();
    const replies = Array.from({ length: 9 }, () => respond(query, client("udp")) as Uint8Array | null);
    expect(decodeMessage(replies[0]!).answer.length).toBe(1);
    expect(replies.slice(1).map((reply) => reply === null)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    for (const reply of replies.slice(1)) {
      if (reply === null) continue;
      expect(decodeMessage(reply)).toMatchObject({ tc: true, rcode: 0, answer: [] });
      expect(reply.length).toBeLessThanOrEqual(query.length);
    }
  });

  test("over TCP SERVFAIL and the reason", () => {
    const { respond } = responderOf();
    respond(query, client("tcp"));
    const reply = decodeMessage(respond(query, client("tcp")) as Uint8Array);
    expect(reply.rcode).toBe(2);
    expect(reply.edns!.options.map(({ code }) => code)).toContain(15);
  });

  test("another client does not notice, and who may not ask is counted as well", () => {
    const { respond } = responderOf();
    for (let i = 0; i < 5; i++) respond(query, client("udp"));
    expect(decodeMessage(respond(query, client("udp", "192.0.2.8")) as Uint8Array).answer.length).toBe(1);
    const refused = Array.from({ length: 10 }, () => respond(query, client("udp", "198.51.100.1")));
    expect(refused.filter((reply) => reply === null).length).toBe(5);
  });
});
