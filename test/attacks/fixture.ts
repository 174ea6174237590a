/**
 * The scene of an attack: the lab's sound world, wounded or not, somebody in the path if a row wants one, the real
 * resolver on a virtual clock, and a bystander. Whenever the victim's question is asked, the bystander asks another one
 * (`valid.`), and must have his secure answer at once. What a question cost is counted outside the resolver: packets and
 * octets in the exchange, cryptography in the engine; the bystander's share is left out.
 */
import { expect } from "vitest";
import type { CryptoEngine, VerifyKey } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import type { Answer } from "../../src/dnssec/answer.ts";
import type { Ask, Env, Exchange } from "../../src/env/env.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { seededRandom, type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { addZone, type Injury, together } from "../../src/lab/injure.ts";
import { buildWorld, type World } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW, wounds } from "../../src/lab/wounds.ts";
import type { Resolver, ResolverParts } from "../../src/resolver/api.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { defaultSettings, type Settings } from "../../src/resolver/options.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataToText } from "../../src/wire/rdata.ts";
import { typeToText } from "../../src/wire/registry.ts";

export interface Setting {
  readonly world?: Injury;
  readonly settings?: Partial<Settings>;
  readonly parts?: Partial<Pick<ResolverParts, "forwards" | "stubs" | "negativeAnchors" | "managedAnchors">>;
  /** Somebody between the resolver and the servers. */
  readonly path?: (exchange: Exchange, clock: VirtualClock) => Exchange;
  readonly now?: number;
}

export interface Cost {
  packets: number;
  octets: number;
  signatures: number;
  keys: number;
  digests: number;
  /** SHA-1 rounds. */
  rounds: number;
}

export interface Seen {
  readonly answer: Answer;
  readonly status: Answer["verdict"]["status"];
  /** The failure's code, or the kind of insecurity; null if secure. */
  readonly reason: string | null;
  readonly detail: string;
  readonly ede: readonly number[];
  /** RDATA as text, of the answer's RRsets. */
  readonly data: readonly string[];
  readonly cost: Cost;
  readonly tookMs: number;
}

export interface Packet {
  readonly to: string;
  readonly transport: string;
  readonly name: string;
  readonly type: string;
  readonly ask: Ask;
}

export interface Scene {
  readonly clock: VirtualClock;
  readonly lab: World;
  readonly env: Env;
  readonly resolver: Resolver;
  readonly events: ResolutionEvent[];
  /** Every question that went out, the bystander's left out. */
  readonly packets: Packet[];
  /** The most questions that were in flight at the same time, equal in transport, server, name and type. */
  readonly mostAlike: () => number;
  readonly cost: Cost;
  ask(name: string, type?: string, signal?: AbortSignal): Promise<Seen>;
  /** Runs `work` on the scene's clock, and a bystander beside it. */
  meanwhile<T>(work: () => Promise<T>): Promise<T>;
  addressOf(server: string): string;
}

const BYSTANDER = Name.parse("valid.");
const BYSTANDER_HOSTS = 400;
/** In memory only. Public, so that `queryPrivate` keeps its default. */
const NETWORK = "193.53";

const withBystander = addZone({
  apex: "valid.",
  records: Array.from({ length: BYSTANDER_HOSTS }, (_, i) => `h${i} A 192.0.2.${1 + (i % 250)}`).join("\n"),
});

/** Plays one attack from start to end; afterwards nothing may be left running. */
export async function attack(setting: Setting, play: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await openScene(setting);
  try {
    await play(scene);
  } finally {
    await scene.clock.run(() => scene.resolver.close());
  }
  const { packets } = scene.cost;
  await scene.clock.advance(60_000);
  expect(scene.cost.packets, "packets after close").toBe(packets);
}

export function wound(name: string): Injury {
  const found = wounds.find((row) => row.name === name);
  if (found === undefined) throw new TypeError(`the lab knows no wound "${name}"`);
  return found.inflict;
}

async function openScene(setting: Setting): Promise<Scene> {
  const now = setting.now ?? LAB_NOW;
  const clock = virtualClock({ unixSeconds: now });
  const lab = buildWorld(together(setting.world ?? ((same) => same), withBystander)(soundWorld), now, {
    clock,
    network: NETWORK,
  });
  const cost: Cost = { packets: 0, octets: 0, signatures: 0, keys: 0, digests: 0, rounds: 0 };
  const packets: Packet[] = [];
  const events: ResolutionEvent[] = [];
  const watched = watching(setting.path?.(lab.exchange, clock) ?? lab.exchange, packets, cost);
  const env: Env = {
    clock,
    random: seededRandom(7),
    exchange: watched.exchange,
    emit: (event) => events.push(event),
  };
  const resolver = createResolver({
    ...setting.parts,
    env,
    engine: countingEngine(nativeEngine(), cost),
    rootHints: lab.hints,
    trustAnchors: lab.anchors,
    onEvent: env.emit,
    settings: setting.settings ?? {},
  });
  let bystanders = 0;
  const bystander = async (): Promise<void> => {
    const startMs = clock.monotonicMs();
    const host = `h${bystanders++}.valid.`;
    const answer = await resolver.resolve(host, "A");
    expect(answer.verdict.status, `what a bystander was told about ${host}`).toBe("secure");
    expect(clock.monotonicMs() - startMs, "how long a bystander waited").toBeLessThanOrEqual(100);
  };
  const meanwhile = <T>(work: () => Promise<T>): Promise<T> =>
    clock.run(async () => {
      const [result] = await Promise.all([work(), bystander()]);
      return result;
    });
  // Priming and the bystander's own chain are no part of any attack.
  await clock.run(bystander);
  Object.assign(cost, { packets: 0, octets: 0, signatures: 0, keys: 0, digests: 0, rounds: 0 });
  packets.length = 0;

  return {
    clock,
    lab,
    env,
    resolver,
    events,
    packets,
    cost,
    mostAlike: watched.mostAlike,
    meanwhile,
    addressOf: (server) => addressOf(lab, server),
    async ask(name, type = "A", signal) {
      const before = { ...cost };
      const startMs = clock.monotonicMs();
      const { answer, tookMs } = await meanwhile(async () => {
        const answer = await resolver.resolve(name, type, signal === undefined ? {} : { signal });
        return { answer, tookMs: clock.monotonicMs() - startMs };
      });
      const spent = differenceOf(cost, before);
      keepHouseRules(spent, tookMs, { ...defaultSettings, ...setting.settings });
      return seen(answer, spent, tookMs);
    },
  };
}

/** What no question may cost, whatever the attack. */
function keepHouseRules(cost: Cost, tookMs: number, settings: Settings): void {
  expect(tookMs).toBeLessThanOrEqual(settings.totalTimeoutMs);
  expect(cost.packets).toBeLessThanOrEqual(settings.queriesPerQuestion);
  expect(cost.octets).toBeLessThanOrEqual(settings.octetsPerQuestion + 65535);
  expect(cost.signatures).toBeLessThanOrEqual(settings.signaturesPerQuestion);
  expect(cost.rounds).toBeLessThanOrEqual(settings.nsec3Rounds);
  expect(cost.digests).toBeLessThanOrEqual(settings.digestsPerQuestion);
}

function watching(exchange: Exchange, packets: Packet[], cost: Cost) {
  const inFlight = new Map<string, number>();
  let mostAlike = 0;
  const watched: Exchange = async (ask, signal) => {
    if (ask.question.name.isWithin(BYSTANDER)) return exchange(ask, signal);
    const name = `${ask.question.name}`;
    const type = typeToText(ask.question.type);
    packets.push({ to: ask.server.address, transport: ask.transport, name, type, ask });
    cost.packets += 1;
    const key = `${ask.transport} ${ask.server.address} ${type} ${ask.question.name.key}`;
    const alike = (inFlight.get(key) ?? 0) + 1;
    inFlight.set(key, alike);
    mostAlike = Math.max(mostAlike, alike);
    const result = await exchange(ask, signal);
    inFlight.set(key, inFlight.get(key)! - 1);
    if (result.kind === "reply") cost.octets += result.octets;
    return result;
  };
  return { exchange: watched, mostAlike: () => mostAlike };
}

/** The signer's name stands in what was signed, behind 18 octets of RRSIG fields. */
function countingEngine(engine: CryptoEngine, cost: Cost): CryptoEngine {
  const bystander = Buffer.from(BYSTANDER.canonicalWire).toString("latin1");
  return {
    name: engine.name,
    algorithms: engine.algorithms,
    digests: engine.digests,
    importKey(algorithm, publicKey) {
      cost.keys += 1;
      return engine.importKey(algorithm, publicKey);
    },
    verify(key: VerifyKey, data: Uint8Array, signature: Uint8Array) {
      const signer = Buffer.from(data.subarray(18, 18 + bystander.length)).toString("latin1");
      if (signer !== bystander) cost.signatures += 1;
      return engine.verify(key, data, signature);
    },
    digest(type, data) {
      cost.digests += 1;
      return engine.digest(type, data);
    },
    nsec3Hash(name, salt, iterations) {
      cost.rounds += iterations + 1;
      return engine.nsec3Hash(name, salt, iterations);
    },
  };
}

function differenceOf(after: Cost, before: Cost): Cost {
  return {
    packets: after.packets - before.packets,
    octets: after.octets - before.octets,
    signatures: after.signatures - before.signatures,
    keys: after.keys - before.keys,
    digests: after.digests - before.digests,
    rounds: after.rounds - before.rounds,
  };
}

function seen(answer: Answer, cost: Cost, tookMs: number): Seen {
  const { verdict } = answer;
  const told = "value" in verdict ? verdict.value.rrsets : [];
  return {
    answer,
    status: verdict.status,
    reason: reasonOf(answer),
    detail: "failure" in verdict ? verdict.failure.detail : "",
    ede: answer.ede.map(({ code }) => code),
    data: told.flatMap((rrset) => rrset.data.map((rdata) => rdataToText(rrset.type, rdata))),
    cost,
    tookMs,
  };
}

export function reasonOf({ verdict }: Answer): string | null {
  switch (verdict.status) {
    case "secure":
      return null;
    case "insecure":
      return verdict.why.kind;
    case "bogus":
    case "indeterminate":
      return verdict.failure.code;
  }
}

export function addressOf(lab: World, server: string): string {
  const found = lab.servers.find(({ name }) => name.equals(Name.parse(server)));
  if (found === undefined) throw new TypeError(`the lab has no server ${server}`);
  return found.addresses[0]!;
}
