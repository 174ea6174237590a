/** Questions that nobody waits for: a program with nothing else to do may end, whatever the servers do. */
import { expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import {
  answer,
  askOf,
  dnsOverTcpServer,
  never,
  openedSince,
  openHandles,
  realExchange,
  udpServer,
} from "./loopback.ts";

it("over UDP hold no socket and no timer", async () => {
  await using server = await udpServer(() => {});
  const net = realExchange();
  const before = await openHandles();
  const waiting = net.exchange(askOf(server.server, { background: true, timeoutMs: 200 }), never);
  expect(await openedSince(before)).toEqual([]);
  expect(await waiting).toMatchObject({ kind: "timeout" });
  const awaited = net.exchange(askOf(server.server, { timeoutMs: 200 }), never);
  expect(await openedSince(before)).not.toEqual([]);
  await awaited;
  await net.close();
});

it("over TCP hold nothing either, until somebody waits on the same connection, and then as long as he does", async () => {
  const held: (() => void)[] = [];
  await using server = await dnsOverTcpServer((query, reply) => {
    held.push(() => reply(answer(query)));
  });
  const net = realExchange();
  const ask = askOf(server.server, { transport: "tcp", timeoutMs: 3000 });
  const unawaited = net.exchange({ ...ask, background: true }, never);
  await systemClock.sleep(50);
  const before = await openHandles(); // the server's own end is one of them
  const awaited = net.exchange(ask, never);
  expect((await openedSince(before)).length).toBeGreaterThan(0);
  for (const release of held) release();
  expect(await awaited).toMatchObject({ kind: "reply" });
  expect(await unawaited).toMatchObject({ kind: "reply" });
  expect(await openedSince(before)).toEqual([]);
  await net.close();
});

it("a doze ends like a sleep, and holds nothing", async () => {
  const before = await openHandles();
  const start = systemClock.monotonicMs();
  const dozing = systemClock.doze!(100);
  expect(await openedSince(before)).toEqual([]);
  await dozing;
  expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(95);
  await systemClock.doze!(10_000, AbortSignal.abort());
});
