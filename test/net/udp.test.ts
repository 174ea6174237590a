/** UDP on loopback against servers that lie, fail and keep silent. RFC 5452; ATTACKS. */
import { createSocket } from "node:dgram";
import { getEventListeners, setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";
import { answer, askOf, never, openedSince, openHandles, realExchange, udpServer, withId } from "./loopback.ts";
import { answerTo } from "./messages.ts";

const sleep = (ms: number): Promise<void> => systemClock.sleep(ms);

describe("a question over UDP", () => {
  it("is answered, measured and counted", async () => {
    await using server = await udpServer((query, reply) => setTimeout(() => reply(answer(query)), 20));
    const net = realExchange();
    const result = await net.exchange(askOf(server.server), never);
    expect(result).toMatchObject({ kind: "reply", octets: expect.any(Number), message: { aa: true, rcode: 0 } });
    if (result.kind !== "reply") return;
    expect(result.rttMs).toBeGreaterThanOrEqual(18);
    expect(result.rttMs).toBeLessThan(500);
    expect(result.message.answer).toHaveLength(1);
    expect(result.octets).toBeGreaterThan(40);
    await net.close();
  });

  it("says what the ask says: name, type, RD, CD, EDNS size and DO", async () => {
    const seen: ReturnType<typeof decodeMessage>[] = [];
    await using server = await udpServer((query, reply) => {
      seen.push(decodeMessage(query));
      reply(answer(query));
    });
    const net = realExchange();
    const option = { code: 10, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    await net.exchange(
      askOf(server.server, { rd: true, cd: false, edns: { udpSize: 1400, options: [option] } }),
      never,
    );
    await net.exchange(askOf(server.server, { edns: null }), never);
    expect(seen[0]).toMatchObject({
      qr: false,
      opcode: 0,
      rd: true,
      cd: false,
      edns: { udpSize: 1400, dnssecOk: true },
    });
    expect(seen[0]?.edns?.options).toEqual([option]);
    expect(seen[0]?.question[0]?.name.toString()).toBe("www.Example.com.");
    expect(seen[1]).toMatchObject({ rd: false, cd: true, edns: null });
    await net.close();
  });

  it("works over IPv6", async (context) => {
    const server = await udpServer((query, reply) => reply(answer(query)), "::1").catch(() => null);
    if (server === null) return context.skip("no IPv6 loopback here");
    const net = realExchange();
    expect(await net.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    // The same address in another spelling is still the right source.
    const spelled = { address: "0:0:0:0:0:0:0:1", port: server.server.port };
    expect(await net.exchange(askOf(spelled), never)).toMatchObject({ kind: "reply" });
    await net.close();
    await server.close();
  });
});

describe("a forger of UDP answers", () => {
  it("who guesses the id wrong makes it a near miss at once (A-50)", async () => {
    await using server = await udpServer((query, reply) => {
      reply(withId(answer(query), (decodeMessage(query).id + 1) & 65535));
    });
    const net = realExchange();
    const before = performance.now();
    expect(await net.exchange(askOf(server.server), never)).toEqual({ kind: "near miss" });
    expect(performance.now() - before).toBeLessThan(900);
    await net.close();
  });

  it("who sends from another port or another address of ours is not even heard", async () => {
    const strangers = [createSocket("udp4"), createSocket("udp4")];
    await using server = await udpServer((query, reply, from) => {
      const forged = answer(query, { rcode: RCODE.NXDOMAIN, answer: [] });
      strangers[0]!.send(forged, from.port, "127.0.0.1");
      strangers[1]!.bind(server.server.port, "127.0.0.2", () => strangers[1]!.send(forged, from.port, "127.0.0.1"));
      setTimeout(() => reply(answer(query)), 50);
    });
    const net = realExchange();
    const result = await net.exchange(askOf(server.server), never);
    expect(result).toMatchObject({ kind: "reply", message: { rcode: 0 } });
    await net.close();
    for (const socket of strangers) socket.close();
  });

  it("who has the right id but another question is passed over, and the genuine answer wins", async () => {
    await using server = await udpServer((query, reply) => {
      const { question } = decodeMessage(query);
      const [asked] = question as [(typeof question)[0]];
      reply(answer(query, { question: [{ ...asked, name: Name.parse("www.example.net.") }] }));
      reply(answer(query, { question: [{ ...asked, name: Name.parse("example.com.") }] }));
      reply(answer(query, { question: [{ ...asked, type: TYPE.AAAA }] }));
      reply(answer(query, { question: [{ ...asked, class: CLASS.CH }] }));
      // Type 0x41 and type 0x61 differ by the bit that tells the case of letters apart.
      reply(answer(query, { question: [{ ...asked, type: asked.type ^ 0x20 }] }));
      reply(answer(query, { rcode: RCODE.NXDOMAIN }));
    });
    const net = realExchange();
    for (const type of [TYPE.A, 0x41]) {
      const ask = askOf(server.server);
      const result = await net.exchange({ ...ask, question: { ...ask.question, type } }, never);
      expect(result).toMatchObject({ kind: "reply", message: { rcode: RCODE.NXDOMAIN } });
    }
    await net.close();
  });

  it("who sends what is no answer only makes us wait (TuDoor, A-79): nothing of it ends the question", async () => {
    const junk = (query: Uint8Array): Uint8Array[] => {
      const good = answer(query);
      const changed = (at: number, value: number): Uint8Array => {
        const octets = good.slice();
        octets[at] = value;
        return octets;
      };
      return [
        new Uint8Array(0),
        good.subarray(0, 11), // less than a header
        changed(2, good[2]! & 0x7f), // QR=0: our own question reflected
        changed(2, good[2]! | 0x28), // opcode UPDATE
        changed(5, 0), // QDCOUNT 0
        changed(5, 2), // QDCOUNT 2
        changed(7, 9), // more answers announced than sent
        good.subarray(0, good.length - 3), // RDATA cut off
        changed(12, 0xc0), // the question's name is a pointer
        changed(12, 63), // a label that runs past the end
        good.subarray(0, 13),
        answer(query, { question: [], answer: [], rcode: RCODE.FORMERR }), // over TCP this would be an answer
      ];
    };
    await using server = await udpServer((query, reply) => {
      for (const octets of junk(query)) reply(octets);
      if (decodeMessage(query).question[0]?.type === TYPE.A) setTimeout(() => reply(answer(query)), 60);
    });
    const net = realExchange();
    expect(await net.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply", message: { rcode: 0 } });
    const ask = askOf(server.server, { timeoutMs: 150 });
    const silent = await net.exchange({ ...ask, question: { ...ask.question, type: TYPE.TXT } }, never);
    expect(silent).toEqual({ kind: "timeout", discarded: 12 });
    await net.close();
  });

  it("who floods with 2,000 malformed answers costs little and ends nothing", async () => {
    let honest: NodeJS.Timeout | undefined;
    await using server = await udpServer((query, reply) => {
      const junk = answer(query).subarray(0, 20);
      for (let i = 0; i < 2000; i++) reply(junk);
      honest = setInterval(() => reply(answer(query)), 150); // the first may find the receiver's buffer full of junk
    });
    const net = realExchange();
    const before = process.cpuUsage();
    expect(await net.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    clearInterval(honest);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(500);
    await net.close();
  });

  it("must guess the letters too when case is random, and a wrong guess is a near miss", async () => {
    const asked = new Set<string>();
    let lowerCase = false;
    await using server = await udpServer((query, reply) => {
      const octets = answer(query);
      asked.add(decodeMessage(query).question[0]!.name.toString());
      if (lowerCase) for (let at = 12; at < 29; at++) if (octets[at]! >= 0x41 && octets[at]! <= 0x5a) octets[at]! += 32;
      reply(octets);
    });
    const net = realExchange({ settings: { randomCase: true }, random: seededRandom(5) });
    for (let i = 0; i < 20; i++)
      expect(await net.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    expect(asked.size).toBeGreaterThan(15);
    expect(new Set([...asked].map((name) => name.toLowerCase()))).toEqual(new Set(["www.example.com."]));
    lowerCase = true;
    expect(await net.exchange(askOf(server.server), never)).toEqual({ kind: "near miss" });
    await net.close();

    const anyCase = realExchange();
    expect(await anyCase.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    await anyCase.close();
  });
});

describe("a server that does not answer", () => {
  it("is waited for as long as told, no longer", async () => {
    await using server = await udpServer(() => {});
    const net = realExchange();
    const before = performance.now();
    expect(await net.exchange(askOf(server.server, { timeoutMs: 80 }), never)).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    expect(performance.now() - before).toBeGreaterThanOrEqual(78);
    expect(performance.now() - before).toBeLessThan(900);
    await net.close();
  });

  it("because its port is closed is unreachable soon, long before the timeout", async () => {
    const server = await udpServer(() => {});
    await server.close();
    const net = realExchange();
    const before = performance.now();
    expect(await net.exchange(askOf(server.server), never)).toEqual({ kind: "unreachable", code: "ECONNREFUSED" });
    expect(performance.now() - before).toBeGreaterThanOrEqual(45);
    expect(performance.now() - before).toBeLessThan(900);
    await net.close();
  });

  it("cannot be cut off by one ICMP error: a genuine answer right after it still counts (A-53)", async () => {
    const server = await udpServer(() => {});
    const { port } = server.server;
    await server.close();
    // Dice that tell the test where the question comes from and with which id; the port is closed, so ICMP follows.
    const [from, id] = [41_234, 4711];
    const random = { octets: systemRandom.octets, integer: (below: number) => (below === 65536 ? id : from - 1024) };
    const net = realExchange({ random, udp: { refusalGraceMs: 500 } });
    const ask = askOf(server.server);
    const question = net.exchange(ask, never);
    await sleep(30);
    const genuine = createSocket("udp4");
    await new Promise<void>((resolve) => genuine.bind(port, "127.0.0.1", resolve));
    genuine.send(encodeMessage(answerTo(ask.question, { id })), from, "127.0.0.1");
    expect(await question).toMatchObject({ kind: "reply" });
    genuine.close();
    await net.close();
  });

  it("is unreachable with the system's reason where there is no way to it", async () => {
    const net = realExchange();
    // 255.255.255.255 needs SO_BROADCAST: connect refuses without a packet.
    expect(await net.exchange(askOf({ address: "255.255.255.255", port: 53 }), never)).toEqual({
      kind: "unreachable",
      code: "EACCES",
    });
    for (const server of [
      { address: "ns.example.com", port: 53 },
      { address: "127.0.0.1", port: 0 },
      { address: "127.0.0.1", port: 70_000 },
      { address: "", port: 53 },
    ]) {
      for (const transport of ["udp", "tcp"] as const) {
        expect(await net.exchange(askOf(server, { transport }), never)).toEqual({
          kind: "unreachable",
          code: "EINVAL",
        });
      }
    }
    await net.close();
  });
});

describe("sockets", () => {
  it("get ports from the whole range, each question another, and never the kernel's habit (RFC 5452 §9.2)", async () => {
    const ports: number[] = [];
    const ids: number[] = [];
    await using server = await udpServer((query, reply, from) => {
      ports.push(from.port);
      ids.push(decodeMessage(query).id);
      reply(answer(query));
    });
    const net = realExchange();
    // In batches that fit the server's receive buffer.
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(Array.from({ length: 50 }, () => net.exchange(askOf(server.server), never)));
    }
    expect(ports).toHaveLength(500);
    // 500 of 64512 collide about twice; the kernel's ephemeral range is 32768 to 60999 on Linux.
    expect(new Set(ports).size).toBeGreaterThan(480);
    expect(new Set(ids).size).toBeGreaterThan(480);
    expect(ports.filter((port) => port < 32768).length).toBeGreaterThan(180);
    expect(ports.filter((port) => port > 60999).length).toBeGreaterThan(15);
    const quarters = [0, 0, 0, 0];
    for (const port of ports) quarters[Math.floor((port - 1024) / 16128)]!++;
    for (const count of quarters) expect(count).toBeGreaterThan(80);
    await net.close();
  });

  it("try other ports when one is taken, and leave it to the kernel at last", async () => {
    const holder = createSocket("udp4");
    await new Promise<void>((resolve) => holder.bind(0, "0.0.0.0", resolve));
    const taken = holder.address().port;
    const seen: number[] = [];
    await using server = await udpServer((query, reply, from) => {
      seen.push(from.port);
      reply(answer(query));
    });
    const offers: number[] = [];
    const stubborn = (free: number | null) => ({
      octets: systemRandom.octets,
      integer(below: number) {
        if (below !== 64512) return systemRandom.integer(below);
        offers.push(taken);
        return free !== null && offers.length > 2 ? free - 1024 : taken - 1024;
      },
    });
    const probe = createSocket("udp4");
    await new Promise<void>((resolve) => probe.bind(0, "0.0.0.0", resolve));
    const free = probe.address().port;
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    const second = realExchange({ random: stubborn(free) });
    expect(await second.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    expect(seen).toEqual([free]);
    const last = realExchange({ random: stubborn(null) });
    expect(await last.exchange(askOf(server.server), never)).toMatchObject({ kind: "reply" });
    expect(seen[1]).not.toBe(taken);
    await Promise.all([second.close(), last.close()]);
    holder.close();
  });

  it("are bounded in number: the rest wait in line, first come first served, and may leave it", async () => {
    let now = 0;
    let most = 0;
    const order: string[] = [];
    await using server = await udpServer((query, reply) => {
      now += 1;
      most = Math.max(most, now);
      order.push(decodeMessage(query).question[0]!.name.toString());
      setTimeout(() => {
        now -= 1;
        reply(answer(query));
      }, 10);
    });
    const net = realExchange({ udp: { socketsAtOnce: 4 } });
    const named = (n: number) => {
      const ask = askOf(server.server);
      return { ...ask, question: { ...ask.question, name: Name.parse(`n${n}.example.`) } };
    };
    const impatient = new AbortController();
    const asks = Array.from({ length: 20 }, (_, n) => net.exchange(named(n), n === 10 ? impatient.signal : never));
    impatient.abort();
    const results = await Promise.all(asks);
    expect(most).toBeLessThanOrEqual(4);
    expect(order.slice(4)).toHaveLength(15);
    expect(order.indexOf("n4.example.")).toBeLessThan(order.indexOf("n19.example."));
    expect(results[10]).toEqual({ kind: "timeout", discarded: 0 });
    expect(results.filter((result) => result.kind === "reply")).toHaveLength(19);
    await net.close();
  });

  it("are closed at once on abort, with listeners and timers", async () => {
    await using server = await udpServer(() => {});
    const net = realExchange();
    const before = await openHandles();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const asks = Array.from({ length: 50 }, () =>
      net.exchange(askOf(server.server, { timeoutMs: 60_000 }), controller.signal),
    );
    expect((await openHandles()).filter((kind) => kind.startsWith("UDP"))).toHaveLength(51); // and the server's
    controller.abort();
    for (const result of await Promise.all(asks)) expect(result).toEqual({ kind: "timeout", discarded: 0 });
    expect(await openedSince(before)).toEqual([]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(await net.exchange(askOf(server.server), AbortSignal.abort())).toEqual({ kind: "timeout", discarded: 0 });
    await net.close();
  });

  it("leave nothing open after 1,000 questions of every fate and a close in the middle", async () => {
    const before = await openHandles();
    {
      await using server = await udpServer((query, reply) => {
        const { id } = decodeMessage(query);
        if (id % 4 === 0) reply(answer(query));
        else if (id % 4 === 1) reply(withId(answer(query), id ^ 1));
        else if (id % 4 === 2) reply(query);
      });
      const net = realExchange();
      const asks = Array.from({ length: 1000 }, () => net.exchange(askOf(server.server, { timeoutMs: 10_000 }), never));
      await sleep(200);
      await net.close();
      const kinds = new Set((await Promise.all(asks)).map((result) => result.kind));
      expect(kinds).toEqual(new Set(["reply", "near miss", "timeout"]));
      expect(await net.exchange(askOf(server.server), never)).toEqual({ kind: "timeout", discarded: 0 });
      await net.close();
    }
    expect(await openedSince(before)).toEqual([]);
  });
});
