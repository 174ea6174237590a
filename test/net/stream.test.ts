/** TCP on loopback: reuse, pipelining, and servers that break every habit. RFC 7766; ATTACKS A-95 as a client. */
import { getEventListeners, setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Ask } from "../../src/env/env.ts";
import { systemClock } from "../../src/env/system.ts";
import { frame } from "../../src/net/frames.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import {
  answer,
  askOf,
  dnsOverTcpServer,
  never,
  openedSince,
  openHandles,
  realExchange,
  type TcpServer,
  tcpServer,
  withId,
} from "./loopback.ts";

const sleep = (ms: number): Promise<void> => systemClock.sleep(ms);

function tcpAsk(server: TcpServer, name = "www.example.com.", changes: Partial<Ask> = {}): Ask {
  return askOf(server.server, {
    transport: "tcp",
    question: { name: Name.parse(name), type: 1, class: 1 },
    ...changes,
  });
}

const nameIn = (query: Uint8Array): string => decodeMessage(query).question[0]!.name.toString();

describe("questions over TCP", () => {
  it("are answered on one connection, kept for the next question and closed when idle", async () => {
    await using server = await dnsOverTcpServer((query, reply) => reply(answer(query)));
    const net = realExchange({ stream: { idleMs: 60 } });
    for (let i = 0; i < 5; i++) {
      expect(await net.exchange(tcpAsk(server, `n${i}.example.`), never)).toMatchObject({ kind: "reply" });
    }
    expect(server.accepted).toHaveLength(1);
    await sleep(120);
    expect(server.accepted[0]!.destroyed || server.accepted[0]!.readableEnded).toBe(true);
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    expect(server.accepted).toHaveLength(2);
    await net.close();
  });

  it("are pipelined and answered in any order, each with its own answer (RFC 7766 §7)", async () => {
    const held: [Uint8Array, (octets: Uint8Array) => void][] = [];
    await using server = await dnsOverTcpServer((query, reply) => {
      held.push([query, reply]);
      if (held.length < 10) return;
      for (const [asked, give] of held.reverse()) give(answer(asked));
    });
    const net = realExchange();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => net.exchange(tcpAsk(server, `n${i}.example.`), never)),
    );
    results.forEach((result, i) => {
      expect(result.kind === "reply" && result.message.question[0]!.name.toString()).toBe(`n${i}.example.`);
    });
    expect(server.accepted).toHaveLength(1);
    await net.close();
  });

  it("number 10,000 at once, yet no more than 16 are in flight", async () => {
    let now = 0;
    let most = 0;
    await using server = await dnsOverTcpServer((query, reply) => {
      now += 1;
      most = Math.max(most, now);
      setImmediate(() => {
        now -= 1;
        reply(answer(query));
      });
    });
    const net = realExchange();
    const results = await Promise.all(
      Array.from({ length: 10_000 }, () => net.exchange(tcpAsk(server, undefined, { timeoutMs: 10_000 }), never)),
    );
    expect(results.every((result) => result.kind === "reply")).toBe(true);
    expect(most).toBeLessThanOrEqual(16);
    expect(server.accepted).toHaveLength(1);
    await net.close();
  });

  it("take answers cut into single octets, with empty frames between them", async () => {
    await using server = await dnsOverTcpServer((query, _reply, socket) => {
      const octets = [...new Uint8Array(4), ...frame(answer(query))];
      const next = (): void => {
        if (octets.length === 0) return;
        socket.write(Uint8Array.of(octets.shift()!));
        setImmediate(next);
      };
      next();
    });
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    await net.close();
  });

  it("take an answer of nearly 64 KiB", async () => {
    const rdata = new Uint8Array(40_000).fill(7);
    await using server = await dnsOverTcpServer((query, reply) => {
      const { question } = decodeMessage(query);
      reply(answer(query, { answer: [{ name: question[0]!.name, type: 65280, class: 1, ttl: 1, rdata }] }));
    });
    const net = realExchange();
    const result = await net.exchange(tcpAsk(server), never);
    expect(result.kind === "reply" && result.octets).toBeGreaterThan(40_000);
    await net.close();
  });

  it("take a refusal without a question, which nobody but the server can have sent", async () => {
    await using server = await dnsOverTcpServer((query, reply) => {
      reply(answer(query, { question: [], answer: [], rcode: RCODE.FORMERR }));
    });
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({
      kind: "reply",
      message: { rcode: RCODE.FORMERR },
    });
    await net.close();
  });
});

describe("a server that closes", () => {
  it("an idle connection just as we write is asked again on a fresh one, once", async () => {
    let queries = 0;
    await using server = await dnsOverTcpServer((query, reply, socket) => {
      queries += 1;
      if (queries === 2) socket.destroy();
      else reply(answer(query));
    });
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    expect(server.accepted).toHaveLength(2);
    await net.close();
  });

  it("after each answer, whatever else was asked, still answers everybody", async () => {
    await using server = await dnsOverTcpServer((query, _reply, socket) => {
      if (!socket.writableEnded) socket.end(frame(answer(query)));
    });
    const net = realExchange();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => net.exchange(tcpAsk(server, `n${i}.example.`), never)),
    );
    expect(results.map((result) => result.kind)).toEqual(new Array(10).fill("reply"));
    await net.close();
  });

  it("every connection at once is unreachable, after one try for a first question and two for any", async () => {
    await using server = await dnsOverTcpServer((_query, _reply, socket) => socket.destroy());
    const net = realExchange();
    const results = await Promise.all([1, 2, 3, 4].map((n) => net.exchange(tcpAsk(server, `n${n}.example.`), never)));
    for (const result of results) expect(result).toMatchObject({ kind: "unreachable" });
    expect(server.accepted.length).toBeLessThanOrEqual(4);
    await net.close();
  });

  it("in the middle of an answer is garbled", async () => {
    await using server = await dnsOverTcpServer((query, _reply, socket) => {
      const octets = frame(answer(query));
      socket.end(octets.subarray(0, octets.length - 5));
    });
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toEqual({ kind: "garbled", why: "closed within a message" });
    await net.close();
  });

  it("its port is unreachable at once", async () => {
    const server = await tcpServer(() => {});
    await server.close();
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toEqual({ kind: "unreachable", code: "ECONNREFUSED" });
    await net.close();
  });
});

describe("a hostile server on a stream", () => {
  const garbage: readonly [string, (query: Uint8Array) => Uint8Array, RegExp][] = [
    [
      "with the wrong id",
      (query) => withId(answer(query), decodeMessage(query).id ^ 1),
      /answer nothing that was asked/,
    ],
    ["of a single octet", () => Uint8Array.of(1), /answer nothing that was asked/],
    ["that is a header cut short", (query) => query.subarray(0, 7), /less than a header/],
    ["that is our own question", (query) => query, /a question, not an answer/],
    ["that is cut off", (query) => answer(query).subarray(0, -2), /malformed/],
    [
      "to another question",
      (query) => answer(query, { question: [{ ...decodeMessage(query).question[0]!, type: TYPE.TXT }] }),
      /another question/,
    ],
    ["with no question but NOERROR", (query) => answer(query, { question: [] }), /0 questions/],
  ];
  it.each(garbage)("that sends an answer %s is garbled and its connection dropped", async (_what, make, why) => {
    await using server = await dnsOverTcpServer((query, reply) => reply(make(query)));
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toEqual({ kind: "garbled", why: expect.stringMatching(why) });
    await sleep(10);
    expect(server.accepted[0]!.destroyed || server.accepted[0]!.readableEnded).toBe(true);
    await net.close();
  });

  it("that speaks HTTP ends in a timeout or as garbled, never as an answer", async () => {
    await using server = await tcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "garbled" });
    await net.close();
  });

  it("that garbles one of ten answers costs the other nine nothing but a second try", async () => {
    await using server = await dnsOverTcpServer((query, reply) => {
      reply(nameIn(query) === "n3.example." ? query : answer(query));
    });
    const net = realExchange();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => net.exchange(tcpAsk(server, `n${i}.example.`), never)),
    );
    expect(results.map((result, i) => (i === 3 ? "-" : result.kind))).toEqual(
      Array.from({ length: 10 }, (_, i) => (i === 3 ? "-" : "reply")),
    );
    expect(results[3]).toMatchObject({ kind: "garbled" });
    await net.close();
  });

  it("that accepts and keeps silent runs into the timeout, and is asked afresh next time", async () => {
    let silent = true;
    await using server = await dnsOverTcpServer((query, reply) => {
      if (!silent) reply(answer(query));
    });
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server, undefined, { timeoutMs: 80 }), never)).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    silent = false;
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    expect(server.accepted).toHaveLength(2);
    await net.close();
  });

  it("that announces 65535 octets and then drips cannot hold a question beyond its timeout", async () => {
    await using server = await tcpServer((socket) => {
      socket.write(Uint8Array.of(255, 255));
      const drip = setInterval(() => socket.write(Uint8Array.of(0)), 10);
      socket.on("close", () => clearInterval(drip));
    });
    const net = realExchange();
    const before = performance.now();
    expect(await net.exchange(tcpAsk(server, undefined, { timeoutMs: 150 }), never)).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    expect(performance.now() - before).toBeLessThan(900);
    await net.close();
  });

  it("that floods with empty frames is cut off", async () => {
    await using server = await tcpServer((socket) => socket.write(new Uint8Array(400)));
    const net = realExchange();
    expect(await net.exchange(tcpAsk(server), never)).toEqual({
      kind: "garbled",
      why: "more than 100 frames of length zero",
    });
    await net.close();
  });

  it("that answers after the question was given up is heard out, and the connection stays in use", async () => {
    let late: (() => void) | null = null;
    await using server = await dnsOverTcpServer((query, reply) => {
      if (nameIn(query) === "slow.example.") late = () => reply(answer(query));
      else reply(answer(query));
    });
    const net = realExchange();
    await net.exchange(tcpAsk(server), never);
    const controller = new AbortController();
    const slow = net.exchange(tcpAsk(server, "slow.example."), controller.signal);
    await sleep(20);
    controller.abort();
    expect(await slow).toEqual({ kind: "timeout", discarded: 0 });
    late!();
    await sleep(10);
    expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    expect(server.accepted).toHaveLength(1);
    await net.close();
  });
});

describe("connections", () => {
  it("are bounded in number: an idle one makes room, else one waits", async () => {
    const servers = await Promise.all([1, 2, 3].map(() => dnsOverTcpServer((query, reply) => reply(answer(query)))));
    const net = realExchange({ stream: { connectionsAtOnce: 2 } });
    for (const server of [...servers, ...servers]) {
      expect(await net.exchange(tcpAsk(server), never)).toMatchObject({ kind: "reply" });
    }
    expect(servers.map((server) => server.accepted.length)).toEqual([2, 2, 2]);
    const together = await Promise.all(servers.map((server) => net.exchange(tcpAsk(server), never)));
    expect(together.map((result) => result.kind)).toEqual(["reply", "reply", "reply"]);
    await net.close();
    await Promise.all(servers.map((server) => server.close()));
  });

  it("of questions that gave up while connecting are dropped", async () => {
    // Nobody answers SYN at a full backlog; a listener that never accepts is the nearest thing on loopback.
    await using server = await tcpServer(() => {});
    const net = realExchange();
    const controller = new AbortController();
    const asked = net.exchange(tcpAsk(server), controller.signal);
    controller.abort();
    expect(await asked).toEqual({ kind: "timeout", discarded: 0 });
    expect((await openHandles()).filter((kind) => kind === "TCPSocketWrap").length).toBeLessThanOrEqual(1);
    await net.close();
  });

  it("that are idle keep no process alive", async () => {
    await using server = await dnsOverTcpServer((query, reply) => reply(answer(query)));
    const net = realExchange();
    const before = await openHandles();
    await net.exchange(tcpAsk(server), never);
    await sleep(5);
    // What is unref'ed is not active: only the server's side of the connection is.
    expect((await openedSince(before)).length).toBeLessThanOrEqual(1);
    await net.close();
  });

  it("leave no handle, timer or listener behind, whatever was in flight at close", async () => {
    const before = await openHandles();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    {
      await using server = await dnsOverTcpServer((query, reply) => {
        if (decodeMessage(query).id % 2 === 0) reply(answer(query));
      });
      const net = realExchange();
      const asks = Array.from({ length: 100 }, () =>
        net.exchange(tcpAsk(server, undefined, { timeoutMs: 60_000 }), controller.signal),
      );
      await sleep(50);
      await net.close();
      const results = await Promise.all(asks);
      expect(results.some((result) => result.kind === "reply")).toBe(true);
      expect(results.some((result) => result.kind === "timeout")).toBe(true);
      expect(await net.exchange(tcpAsk(server), never)).toEqual({ kind: "timeout", discarded: 0 });
    }
    expect(await openedSince(before)).toEqual([]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });
});
