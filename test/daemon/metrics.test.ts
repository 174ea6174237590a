/** What a monitor reads: Prometheus' text form, whose rules a monitor relies on, and sums over workers. */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import type { WorkerStatus } from "../../src/daemon/commands.ts";
import { metricsText } from "../../src/daemon/metrics.ts";
import { Tally } from "../../src/daemon/tally.ts";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createFold } from "../../src/page/fold.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { createAccess, type Decision } from "../../src/server/access.ts";
import { ServerCookies } from "../../src/server/cookies.ts";
import { serverLimitsWith } from "../../src/server/limits.ts";
import { listen } from "../../src/server/listeners.ts";
import {
  type Client,
  type ClientTransport,
  createResponder,
  type Respond,
  type ResponderOptions,
} from "../../src/server/responder.ts";
import { answer, data, insecure, question, a as record } from "../server/answers.ts";
import { query } from "../server/requests.ts";
import { until } from "./process.ts";

/** Lines `name{labels} value` as a map, and the type of each family. */
function read(text: string) {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) types.set(name, type!);
    const [, key, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (key !== undefined) {
      expect(samples.has(key), `${key} twice`).toBe(false);
      samples.set(key, Number(value));
    } else expect(line, "neither a sample nor a comment").toMatch(/^(#.*)?$/);
  }
  return { samples, types };
}

const asked = question("www.example.", 1);
const plain = answer(asked, insecure(data("www.example.", [record("www.example.", 1)])));

function statusOf(worker: number, tookMs: readonly number[], tally = new Tally()): WorkerStatus {
  const fold = createFold({ unixSeconds: () => 1000 });
  for (const ms of tookMs) fold.answered(plain, { ms, fromCache: false });
  const tallied = tally.read();
  tally.close();
  return {
    worker,
    pid: 1,
    listening: "",
    counts: fold.counts(),
    tallied,
    connections: 3,
    sizes: { answers: 0, answerOctets: 0, delegations: 0, zones: 0, failures: 0 },
    residentOctets: 0,
    heapOctets: 0,
    eventLoopDelayMs: 0,
    rootSecureSecondsAgo: null,
    logLevel: "info",
  };
}

const NAME = "rootwalk_answer_seconds";

describe("the time that answers take is a histogram", () => {
  it.each([
    ["of one process", [[0.05, 0.1, 30, 30, 700, 9000]]],
    [
      "summed over workers",
      [
        [0.05, 30, 9000],
        [0.1, 30, 700],
      ],
    ],
    ["of nothing yet", [[]]],
  ])("%s: buckets that grow, their last one is the count, and the sum of seconds", async (_, tookMs) => {
    const { samples, types } = read(await metricsText(tookMs.map((each, i) => statusOf(i + 1, each))));
    expect(types.get(NAME)).toBe("histogram");
    const all = tookMs.flat();
    const buckets = [...samples].filter(([key]) => key.startsWith(`${NAME}_bucket`));
    const bounds = buckets.map(([key]) => Number(/le="([^"]+)"/.exec(key)![1]!.replace("+Inf", "Infinity")));
    expect(bounds).toEqual([...bounds].sort((one, other) => one - other));
    expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
    for (const [i, [, count]] of buckets.entries())
      expect(count, `up to ${bounds[i]}`).toBe(all.filter((ms) => ms / 1000 <= bounds[i]!).length);
    expect(samples.get(`${NAME}_count`)).toBe(all.length);
    expect(samples.get(`${NAME}_sum`)).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / 1000, 9);
  });
});

describe("what was not served is counted by reason", () => {
  const from = (transport: ClientTransport): Client => ({ address: "192.0.2.1", port: 53, transport });

  it("is told by the responder: access, cookies, rate, questions that wait", async () => {
    const tally = new Tally();
    const never = () => new Promise<never>(() => {});
    const responderOf = (access: Parameters<typeof createAccess>[0], more: Partial<ResponderOptions> = {}) =>
      createResponder({
        resolver: { cached: () => undefined, resolve: never, resolveUnchecked: never },
        clock: virtualClock({ unixSeconds: 1000 }),
        access: createAccess(access),
        emit: tally.onServer,
        ...more,
      });
    const everybody = (decision: Decision) => ({ rules: [], otherwise: decision });
    const octets = query({ name: "www.example." });
    responderOf(everybody("refuse")).respond(octets, from("udp"));
    responderOf(everybody("drop")).respond(octets, from("udp"));
    const cookies = new ServerCookies([new Uint8Array(16)]);
    responderOf(everybody("cookie"), { cookies }).respond(octets, from("udp"));
    responderOf(everybody("cookie")).respond(octets, from("udp"));
    const hasty = responderOf(everybody("allow"), { limits: serverLimitsWith({ questionsPerSecond: 1 }) });
    for (let i = 0; i < 5; i++) void hasty.respond(octets, from("udp"));
    for (let i = 0; i < 3; i++) void hasty.respond(octets, from("tcp"));
    const crowded = responderOf({ ...everybody("allow"), waitingPerClient: 1 });
    for (let i = 0; i < 3; i++) void crowded.respond(octets, from("tls"));
    const { samples } = read(await metricsText([statusOf(1, [], tally)]));
    const counts = [...samples].filter(([key]) => key.startsWith("rootwalk_turned_away_total"));
    expect(Object.fromEntries(counts.map(([key, count]) => [/{(.*)}/.exec(key)![1], count]))).toEqual({
      'reason="access",how="refused"': 1,
      'reason="access",how="dropped"': 1,
      'reason="cookie",how="refused"': 2,
      'reason="rate",how="dropped"': 2,
      'reason="rate",how="truncated"': 2,
      'reason="rate",how="failed"': 3,
      'reason="waiting",how="failed"': 2,
      'reason="repeated",how="dropped"': 0,
      'reason="late",how="dropped"': 0,
    });
    expect(samples.get("rootwalk_dropped_total"), "without an answer").toBe(3);
  });

  it("is told by the sockets: connections, repeated datagrams, and those of several workers add up", async () => {
    const tally = new Tally();
    const waiting = new Set<() => void>();
    const respond: Respond = (octets) => new Promise((resolve) => waiting.add(() => resolve(octets)));
    const listening = await listen({ respond }, [{ address: "127.0.0.1", port: 0 }], {
      clock: systemClock,
      limits: { connections: 1 },
      onUnserved: tally.onUnserved,
    });
    const { port } = listening.addresses[0]!;
    const dial = async (): Promise<Socket> => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.once("connect", resolve));
      return socket;
    };
    const idle = await dial();
    const busy = await dial();
    await new Promise((resolve) => idle.once("close", resolve));
    expect(listening.connections).toBe(1);
    const octets = query({ name: "www.example." });
    busy.write(Buffer.concat([Buffer.from([0, octets.length]), octets]));
    await until(() => waiting.size === 1);
    const late = await dial();
    await new Promise((resolve) => late.once("close", resolve));
    const datagrams = createSocket("udp4");
    for (let i = 0; i < 3; i++) datagrams.send(octets, port, "127.0.0.1");
    await until(() => (tally.read()["turned-away repeated dropped"] ?? 0) === 2);
    for (const answer of waiting) answer();
    busy.destroy();
    datagrams.close();
    await listening.close();
    const { samples } = read(await metricsText([statusOf(1, [], tally), statusOf(2, [], tally)]));
    const of = (bound: string, how: string) =>
      samples.get(`rootwalk_connections_turned_away_total{bound="${bound}",how="${how}"}`);
    expect([of("connections", "replaced"), of("connections", "refused")]).toEqual([2, 2]);
    expect([of("handshakes", "replaced"), of("handshakes", "refused")]).toEqual([0, 0]);
    expect(samples.get('rootwalk_turned_away_total{reason="repeated",how="dropped"}')).toBe(4);
    expect(samples.get('rootwalk_connections{worker="2"}')).toBe(3);
  });
});

it("signatures are counted by algorithm and result", async () => {
  const tally = new Tally();
  const world = buildWorld(soundWorld, LAB_NOW);
  const resolver = createResolver({
    env: {
      clock: virtualClock({ unixSeconds: LAB_NOW }),
      random: systemRandom,
      exchange: world.exchange,
      emit: () => {},
    },
    engine: tally.counted(nativeEngine()),
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { queryPrivate: true },
  });
  const right = async () => {
    const { samples } = read(await metricsText([statusOf(1, [], tally)]));
    return samples.get('rootwalk_signatures_checked_total{algorithm="ECDSAP256SHA256",result="right"}') ?? 0;
  };
  expect((await resolver.resolve("www.good.lab", "A")).authenticated).toBe(true);
  const cold = await right();
  expect(cold).toBeGreaterThan(4);
  await resolver.resolve("www.good.lab", "A");
  expect(await right(), "what is known is not checked again").toBe(cold);
  await resolver.close();
});

it("a signature that does not verify is wrong, whatever else comes of it", async () => {
  const tally = new Tally();
  const engine = nativeEngine();
  const counted = tally.counted(engine);
  const key = counted.importKey(15, Buffer.from("l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", "base64"))!; // RFC 8080 §6.1
  expect(counted.verify(key, new Uint8Array(3), new Uint8Array(64))).toBe(false);
  const { samples } = read(await metricsText([statusOf(1, [], tally)]));
  expect(samples.get('rootwalk_signatures_checked_total{algorithm="ED25519",result="wrong"}')).toBe(1);
});

it("docs/daemon.md lists every metric, and no other", async () => {
  const page = readFileSync(new URL("../../docs/daemon.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `(rootwalk_[a-z_]+)` \| (counter|gauge|histogram) \|/gm)];
  const { types } = read(await metricsText([statusOf(1, [])]));
  expect(listed.map(([, name, type]) => `${name} ${type}`)).toEqual(
    [...types].map(([name, type]) => `${name} ${type}`),
  );
});

it("names end in their units, and counters in _total", async () => {
  const { types } = read(await metricsText([statusOf(1, [])]));
  for (const [name, type] of types) {
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (/delay|seconds|time/.test(name)) expect(name).toMatch(/_seconds$/);
    if (/octets|memory/.test(name)) expect(name).toMatch(/_octets$/);
  }
});
