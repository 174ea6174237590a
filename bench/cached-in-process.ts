/** How often can a program ask for what is cached? A TLSA answer, against a bare Map behind `await`: the ceiling. */
import { systemClock, systemRandom } from "../src/env/system.ts";
import { buildWorld } from "../src/lab/world.ts";
import { createResolver } from "../src/resolver/create.ts";
import { mxConnectDns } from "../src/resolver/mail-libraries.ts";
import { nodeDns } from "../src/resolver/node-dns.ts";
import { Name } from "../src/wire/name.ts";
import { CLASS, TYPE } from "../src/wire/registry.ts";
import { compare, keep } from "./harness.ts";
import { benchWorld } from "./world.ts";

const world = buildWorld({ zones: benchWorld.zones.slice(0, 25) }, Math.floor(systemClock.unixSeconds()));
const resolver = createResolver({
  env: { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} },
  rootHints: world.hints,
  trustAnchors: world.anchors,
  settings: { queryPrivate: true },
});

const hosts = Array.from({ length: 20 }, (_, i) => `mx.d${i}.${["nsec", "nsec3", "optout"][i % 3]}`);
const texts = hosts.map((host) => `_25._tcp.${host}`);
const names = texts.map((text) => Name.parse(text));
for (const text of texts) {
  const { verdict } = await resolver.resolve(text, TYPE.TLSA);
  if (verdict.status !== "secure") throw new Error(`${text} is ${verdict.status}`);
}
for (const host of hosts) await resolver.resolve(host, TYPE.A);

let turn = 0;
function next<T>(list: readonly T[]): T {
  turn = (turn + 1) % list.length;
  return list[turn]!;
}

const bare = new Map(texts.map((text) => [text, { answer: {}, storedMs: systemClock.monotonicMs(), ttl: 3600 }]));
async function fromMap(text: string): Promise<object | null> {
  const entry = bare.get(text)!;
  const left = entry.ttl - Math.floor((systemClock.monotonicMs() - entry.storedMs) / 1000);
  return left > 0 ? entry.answer : null;
}

const dns = nodeDns(resolver);
const mail = mxConnectDns(resolver);
const comparison = await compare("a cached TLSA answer of 20 names in turn", {
  "bare Map behind await": () => fromMap(next(texts)),
  "await resolver.resolve(Name, TYPE.TLSA)": () => resolver.resolve(next(names), TYPE.TLSA),
  'await resolver.resolve("_25._tcp.mx…", "TLSA")': () => resolver.resolve(next(texts), "TLSA"),
  "resolver.cached({ name, type, class })": () =>
    resolver.cached({ name: next(names), type: TYPE.TLSA, class: CLASS.IN }),
  "await nodeDns.resolveTlsa": () => dns.resolveTlsa(next(texts)),
  "await mxConnectDns.resolveTlsa": () => mail.resolveTlsa(next(texts)),
});
for (const { name, medianUs } of comparison.contenders) {
  console.log(`  ${Math.round(1000 / medianUs).toLocaleString("en")} thousand a second: ${name}`);
}
keep("cached-in-process", [comparison]);
await resolver.close();
