/**
 * The whole resolver before servers that lie in every way a record can lie: what they say is taken apart and put together
 * anew, with real cryptography. What is signed comes out as it was signed or not at all.
 */
import fc from "fast-check";
import { nativeEngine } from "../../src/crypto/native.ts";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { Exchange } from "../../src/env/env.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createResolver } from "../../src/resolver/create.ts";
import type { Message, ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import type { Target } from "./targets.ts";

const questions: readonly (readonly [string, string, string])[] = [
  ["www.good.lab", "A", "192.0.2.80"],
  ["mx.good.lab", "A", "192.0.2.25"],
  ["www.good.hash", "A", "192.0.2.101"],
  ["a.wild.good.lab", "A", "192.0.2.99"],
  ["nobody.good.lab", "A", ""],
  ["nobody.good.hash", "A", ""],
  ["mx.good.lab", "TXT", ""],
  ["far.good.lab", "A", "192.0.2.101"],
  ["www.old.good.lab", "A", "192.0.2.81"],
];

const names = [
  "good.lab",
  "www.good.lab",
  "lab",
  ".",
  "good.hash",
  "ns.good.lab",
  "evil.",
  "a.wild.good.lab",
  "nobody.good.lab",
];
const change = fc.record({
  /** Which of the messages of this run. */
  at: fc.nat(14),
  how: fc.constantFrom(
    "drop record",
    "double record",
    "rename",
    "retype",
    "edit rdata",
    "move",
    "swap with another message",
    "rcode",
    "flags",
    "ttl",
    "lose",
    "add NS",
    "add A",
    "strip signatures",
    "strip denials",
  ),
  which: fc.nat(40),
  value: fc.nat(0xffff),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const sections = ["answer", "authority", "additional"] as const;

function changed(message: Message, { how, which, value }: Change, memory: readonly Message[]): Message | null {
  const section = sections[which % 3]!;
  const records = [...message[section]];
  const at = records.length === 0 ? 0 : (which >> 2) % records.length;
  const record = records[at];
  const name = Name.parse(names[value % names.length]!);
  const edit = (by: (old: ResourceRecord) => ResourceRecord): Message => {
    if (record === undefined) return message;
    records[at] = by(record);
    return { ...message, [section]: records };
  };
  switch (how) {
    case "lose":
      return null;
    case "drop record":
      records.splice(at, 1);
      return { ...message, [section]: records };
    case "double record":
      return record === undefined ? message : { ...message, [section]: [...records, record] };
    case "rename":
      return edit((old) => ({ ...old, name }));
    case "retype":
      return edit((old) => (old.type === TYPE.A ? { ...old, type: 65280 + (value % 3) } : old));
    case "edit rdata":
      return edit((old) => {
        const rdata = old.rdata.slice();
        if (old.type === TYPE.A && rdata.length > 0) rdata[value % rdata.length]! ^= 1 + (value >> 8);
        else if (old.type === TYPE.RRSIG) rdata[rdata.length - 1]! ^= 1;
        return { ...old, rdata };
      });
    case "ttl":
      return edit((old) => ({ ...old, ttl: value * 1000 }));
    case "move": {
      const to = sections[(which + 1) % 3]!;
      return record === undefined
        ? message
        : { ...message, [section]: records.filter((old) => old !== record), [to]: [...message[to], record] };
    }
    case "swap with another message": {
      const other = memory[value % Math.max(1, memory.length)];
      return other === undefined ? message : { ...message, [section]: [...records, ...other[section]] };
    }
    case "rcode":
      return { ...message, rcode: value % 12 };
    case "flags":
      return { ...message, aa: (value & 1) !== 0, tc: (value & 2) !== 0, ra: (value & 4) !== 0, ad: true };
    case "add NS":
      return {
        ...message,
        authority: [
          ...message.authority,
          { name, type: TYPE.NS, class: 1, ttl: 60, rdata: Name.parse("ns.evil").wire },
        ],
      };
    case "add A":
      return {
        ...message,
        [section]: [...records, { name, type: TYPE.A, class: 1, ttl: 60, rdata: Uint8Array.of(6, 6, 6, 6) }],
      };
    case "strip signatures":
      return { ...message, [section]: records.filter(({ type }) => type !== TYPE.RRSIG) };
    case "strip denials":
      return {
        ...message,
        authority: message.authority.filter(
          ({ type }) => type !== TYPE.NSEC && type !== TYPE.NSEC3 && type !== TYPE.DS,
        ),
      };
  }
}

const clock = virtualClock({ unixSeconds: LAB_NOW, calendar: "stands" });
const world = buildWorld(soundWorld, LAB_NOW, { clock, network: "193.53" });
const anchors = anchorsFromZoneText(world.anchors, "the lab");
const engine = nativeEngine();
/** What servers have said in earlier runs: genuine records from everywhere, to be replayed. */
const memory: Message[] = [];

export const resolverProperties: readonly Target[] = [
  {
    name: "resolver",
    holds: "what is signed comes out as it was signed or not at all; every question ends in time",
    property: fc.asyncProperty(
      fc.constantFrom(...questions),
      fc.array(change, { maxLength: 5 }),
      fc.boolean(),
      async ([name, type, data], changes, always) => {
        let at = 0;
        const exchange: Exchange = async (ask, signal) => {
          const result = await world.exchange(ask, signal);
          if (result.kind !== "reply") return result;
          if (memory.length < 400) memory.push(result.message);
          const index = at++;
          let message: Message | null = result.message;
          for (const one of changes) {
            if (message === null || (always ? index % 15 < one.at : index !== one.at)) continue;
            message = changed(message, one, memory);
          }
          if (message !== null) return { ...result, message };
          await clock.sleep(ask.timeoutMs, signal);
          return { kind: "timeout", discarded: 0 };
        };
        const resolver = createResolver({
          env: { clock, random: seededRandom(1), exchange, emit: () => {} },
          engine,
          rootHints: world.hints,
          trustAnchors: anchors,
        });
        const startMs = clock.monotonicMs();
        const answer = await clock.run(() => resolver.resolve(name, type));
        const tookMs = clock.monotonicMs() - startMs;
        await clock.run(() => resolver.close());
        if (tookMs > 8000) throw new Error(`it took ${tookMs} ms`);
        const { verdict } = answer;
        if (verdict.status === "insecure") throw new Error(`${name} ${type} came out insecure: ${verdict.why.kind}`);
        if (verdict.status !== "secure") return;
        const told = verdict.value.rrsets.flatMap((rrset) => rrset.data.map((octets) => octets.join("."))).join(" ");
        if (told !== data) throw new Error(`${name} ${type} came out secure as "${told}", signed was "${data}"`);
      },
    ),
  },
];
