/**
 * Cached TLSA answers inside a program: rootwalk, libunbound (bench/libunbound.c, compiled here) and node:dns that asks a
 * local unbound, all in one run and in turns, for the same 20 names; and plans for mail domains.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { Resolver as SystemResolver } from "node:dns/promises";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { planDelivery } from "../src/dane/smtp-plan.ts";
import { systemClock, systemRandom } from "../src/env/system.ts";
import { buildWorld } from "../src/lab/world.ts";
import type { Resolver } from "../src/resolver/api.ts";
import { createResolver } from "../src/resolver/create.ts";
import { mxConnectDns } from "../src/resolver/mail-libraries.ts";
import { nodeDns } from "../src/resolver/node-dns.ts";
import { listen } from "../src/server/listeners.ts";
import { createResponder } from "../src/server/responder.ts";
import { Name } from "../src/wire/name.ts";
import { CLASS, TYPE } from "../src/wire/registry.ts";
import { type Comparison, keep, rounded } from "./harness.ts";
import { benchWorld } from "./world.ts";

const SLICE_MS = 200;
const ROUNDS = 7;

const world = buildWorld({ zones: benchWorld.zones.slice(0, 25) }, Math.floor(systemClock.unixSeconds()));
const resolver = createResolver({
  env: { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} },
  rootHints: world.hints,
  trustAnchors: world.anchors,
  settings: { queryPrivate: true },
});
const domains = Array.from({ length: 20 }, (_, i) => `d${i}.${["nsec", "nsec3", "optout"][i % 3]}`);
const texts = domains.map((domain) => `_25._tcp.mx.${domain}`);
const names = texts.map((text) => Name.parse(text));
for (const domain of domains) {
  const { hosts } = await planDelivery(resolver, domain);
  if (hosts[0]?.action.do !== "authenticate") throw new Error(`${domain} is not to be authenticated`);
}

let turn = 0;
function next<T>(list: readonly T[]): T {
  turn = (turn + 1) % list.length;
  return list[turn]!;
}

/** Microseconds for each operation, measured for about so long. */
type Measure = (milliseconds: number) => Promise<number>;

const contenders = new Map<string, Measure>();
const stops: (() => Promise<unknown>)[] = [];

function ours(name: string, operation: () => unknown): void {
  contenders.set(name, (milliseconds) => inTurn(operation, milliseconds));
}

/** The clock is read once in a hundred operations: it costs as much as some of them. */
async function inTurn(operation: () => unknown, milliseconds: number): Promise<number> {
  const start = systemClock.monotonicMs();
  for (let done = 0; ; ) {
    for (let i = 0; i < 100; i++) await operation();
    done += 100;
    const elapsed = systemClock.monotonicMs() - start;
    if (elapsed >= milliseconds) return (elapsed * 1000) / done;
  }
}

async function atOnce(operation: () => Promise<unknown>, count: number, milliseconds: number): Promise<number> {
  const start = systemClock.monotonicMs();
  let done = 0;
  const one = async (): Promise<void> => {
    while (systemClock.monotonicMs() - start < milliseconds) {
      await operation();
      done++;
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  return ((systemClock.monotonicMs() - start) * 1000) / done;
}

const bare = new Map(texts.map((text) => [text, { answer: {}, storedMs: systemClock.monotonicMs(), ttl: 3600 }]));
async function fromMap(text: string): Promise<object | null> {
  const entry = bare.get(text)!;
  const left = entry.ttl - Math.floor((systemClock.monotonicMs() - entry.storedMs) / 1000);
  return left > 0 ? entry.answer : null;
}

const dns = nodeDns(resolver);
const mail = mxConnectDns(resolver);
/** Cannot tell what it knows, so nothing is remembered of it. */
const forgetful: Pick<Resolver, "resolve"> = {
  resolve: (name, type, options) => resolver.resolve(name, type, options),
};
ours("a bare Map behind await, with the TTL's arithmetic", () => fromMap(next(texts)));
ours("await resolver.resolve(Name, TYPE.TLSA)", () => resolver.resolve(next(names), TYPE.TLSA));
ours('await resolver.resolve("_25._tcp.mx…", "TLSA")', () => resolver.resolve(next(texts), "TLSA"));
ours("resolver.cached({ name, type, class })", () =>
  resolver.cached({ name: next(names), type: TYPE.TLSA, class: CLASS.IN }),
);
ours("await planDelivery(resolver, domain)", () => planDelivery(resolver, next(domains)));
ours("await planDelivery, made anew each time", () => planDelivery(forgetful, next(domains)));
ours("await nodeDns.resolveTlsa", () => dns.resolveTlsa(next(texts)));
ours("await mxConnectDns.resolveTlsa", () => mail.resolveTlsa(next(texts)));

const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
const daemon = await listen(createResponder({ resolver, clock: systemClock }), [{ address: "127.0.0.1", port: 0 }], {
  clock: systemClock,
});
const forwarder = `127.0.0.1@${daemon.addresses[0]!.port}`;
const anchorFile = join(folder, "root.ds");
writeFileSync(anchorFile, world.anchors.replaceAll(". IN DS", ". 3600 IN DS"));

const missing = [withLibunbound(), await withUnbound()].filter((why) => why !== null);

/** Null, or why it is left out. */
function withLibunbound(): string | null {
  const program = join(folder, "libunbound");
  const compiled = spawnSync("cc", ["-O2", "-o", program, "bench/libunbound.c", "-lunbound"], { encoding: "utf8" });
  if (compiled.status !== 0) return "libunbound: left out, since cc or libunbound-dev is missing here";
  const child = spawn(program, [forwarder, anchorFile, ...texts], { stdio: ["pipe", "pipe", "inherit"] });
  stops.push(() => ended(child));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const told =
    (command: string): Measure =>
    async (milliseconds) => {
      child.stdin!.write(`${command} ${milliseconds}\n`);
      return Number((await lines.next()).value);
    };
  contenders.set("libunbound, ub_resolve", told("sync"));
  contenders.set("libunbound, ub_resolve_async, 1 in flight", told("async 1"));
  contenders.set("libunbound, ub_resolve_async, 16 in flight", told("async 16"));
  return null;
}

async function withUnbound(): Promise<string | null> {
  const port = 20_000 + systemRandom.integer(10_000);
  const config = join(folder, "unbound.conf");
  writeFileSync(
    config,
    `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  num-threads: 1
  interface: 127.0.0.1@${port}
  do-not-query-localhost: no
  trust-anchor-file: "${anchorFile}"
  module-config: "validator iterator"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: ${forwarder}
`,
  );
  const child = spawn("unbound", ["-d", "-c", config], { stdio: "ignore" });
  const [error] = await Promise.race([once(child, "spawn"), once(child, "error")]);
  if (error !== undefined) return "node:dns asking a local unbound: left out, since unbound is not installed";
  stops.push(() => ended(child));
  const asking = new SystemResolver({ timeout: 1000, tries: 2 });
  asking.setServers([`127.0.0.1:${port}`]);
  for (let tries = 0; tries < 50; tries++) {
    // Node 20 has no resolveTlsa; the MX of the same domains is an answer of about the same size.
    const answered = await Promise.all(domains.map((domain) => asking.resolveMx(domain))).catch(() => null);
    if (answered !== null) break;
    await systemClock.sleep(100);
  }
  const one = (): Promise<unknown> => asking.resolveMx(next(domains));
  contenders.set("node:dns asking a local unbound (MX), one at a time", (milliseconds) => inTurn(one, milliseconds));
  contenders.set("node:dns asking a local unbound (MX), 16 at once", (milliseconds) => atOnce(one, 16, milliseconds));
  return null;
}

function ended(child: ChildProcess): Promise<unknown> {
  const gone = once(child, "exit");
  child.stdin?.end();
  child.kill("SIGTERM");
  return gone;
}

const taken = new Map<string, number[]>();
for (const [name, measure] of contenders) {
  await measure(SLICE_MS); // warm
  taken.set(name, []);
}
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, measure] of contenders) taken.get(name)!.push(await measure(SLICE_MS));
}
for (const stop of stops) await stop();
await daemon.close();
await resolver.close();
rmSync(folder, { recursive: true });

const medians = new Map([...taken].map(([name, of]) => [name, of.sort((a, b) => a - b)[ROUNDS >> 1]!]));
const first = medians.get("await resolver.resolve(Name, TYPE.TLSA)")!;
const comparison: Comparison = {
  question: "a cached TLSA answer of 20 names in turn; a plan for one of 20 domains",
  contenders: [...taken].map(([name, of]) => ({
    name,
    medianUs: rounded(medians.get(name)!),
    minUs: rounded(of[0]!),
    maxUs: rounded(of.at(-1)!),
    ratio: rounded(first / medians.get(name)!),
  })),
};
console.log(`\n${comparison.question}\n${"".padEnd(56)}     a second         µs (from .. to)`);
for (const { name, medianUs, minUs, maxUs } of comparison.contenders) {
  const perSecond = Math.round(1e6 / medianUs).toLocaleString("en");
  console.log(`  ${name.padEnd(54)} ${perSecond.padStart(12)} ${`${medianUs}`.padStart(10)} (${minUs} .. ${maxUs})`);
}
for (const why of missing) console.log(`  ${why}`);
keep("in-process", [comparison]);

for (const [goal, reached] of goals()) console.log(`${reached ? "reached" : "MISSED "}  ${goal}`);

/** What was set out to be reached; those beside others only where the others are here. */
function* goals(): Generator<readonly [goal: string, reached: boolean]> {
  const text = medians.get('await resolver.resolve("_25._tcp.mx…", "TLSA")')!;
  yield ["a cached resolve by text: 1,000,000 a second", text <= 1];
  yield ["a cached plan: 100,000 a second", medians.get("await planDelivery(resolver, domain)")! <= 10];
  const single = medians.get("node:dns asking a local unbound (MX), one at a time");
  if (single !== undefined) yield [`100 x node:dns one at a time: ${rounded(single / text)} x`, single / text >= 100];
  const sixteen = medians.get("libunbound, ub_resolve_async, 16 in flight");
  if (sixteen !== undefined)
    yield [`15 x libunbound with 16 in flight: ${rounded(sixteen / text)} x`, sixteen / text >= 15];
}
