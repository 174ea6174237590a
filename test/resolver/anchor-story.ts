/** A lab whose root rolls its keys, day by day, and a resolver that follows it through restarts. */
import type { ResolutionEvent } from "../../src/env/events.ts";
import { seededRandom, type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { keyFor, type SigningKey, signRRset } from "../../src/lab/signer.ts";
import { buildWorld, type World, type ZoneDescription } from "../../src/lab/world.ts";
import type { AnchorStore, Resolver } from "../../src/resolver/api.ts";
import { createResolver, type ResolverOptions } from "../../src/resolver/create.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";

export const NOW = 1_800_000_000;
export const HOUR = 3600;
export const DAY = 86_400;
const REVOKE = 0x80;

/** Nothing but the DNSKEY RRset of the root ever needs to be signed again. */
const validity = (now: number) => ({ inception: now - DAY, expiration: now + 2000 * DAY });

export const ksk = (ordinal: number, zone = "."): SigningKey =>
  keyFor({ zone: Name.parse(zone), role: "ksk", algorithm: 13, ordinal });
export const zsk = keyFor({ zone: Name.root, role: "zsk", algorithm: 13 });

export function revoked(key: SigningKey): SigningKey {
  const rdata = Uint8Array.from(key.rdata);
  rdata[1]! |= REVOKE;
  return { ...key, rdata, tag: keyTag(rdata) };
}

export const dsLine = (key: SigningKey): string => {
  const hex = Buffer.from(key.rdata.subarray(4)).toString("base64");
  return `${key.zone} IN DNSKEY 257 3 13 ${hex}\n`;
};

/** What a test looks into, or breaks. */
export class MemoryStore implements AnchorStore {
  readonly texts = new Map<string, string>();
  stored = 0;
  load(zone: Name): string | null {
    return this.texts.get(zone.toString()) ?? null;
  }
  store(zone: Name, text: string): void {
    this.stored += 1;
    this.texts.set(zone.toString(), text);
  }
}

export interface Published {
  readonly keys: readonly SigningKey[];
  readonly by: readonly SigningKey[];
  readonly ttl?: number;
  readonly spoil?: boolean;
  readonly expires?: number;
}

const zones = (first: SigningKey): ZoneDescription[] => [
  {
    apex: ".",
    signing: {
      keys: [
        { role: first.role, algorithm: 13 },
        { role: "zsk", algorithm: 13 },
      ],
      validity,
    },
    records: "root-key-sentinel-is-ta-00001 A 5.1.1.1",
  },
  {
    apex: "example.",
    signing: { validity },
    records: "www A 5.1.2.3",
  },
  { apex: "plain.", signing: null, records: "www A 5.1.2.4" },
];

export class AnchorStory {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly store: AnchorStore & { readonly texts: Map<string, string> };
  events: ResolutionEvent[] = [];
  resolver: Resolver;
  readonly #options: Partial<ResolverOptions>;

  constructor(
    parts: {
      readonly anchors: string;
      readonly store?: AnchorStory["store"];
      readonly options?: Partial<ResolverOptions>;
      readonly unixSeconds?: number;
    } = { anchors: dsLine(ksk(0)) },
  ) {
    this.clock = virtualClock({ unixSeconds: parts.unixSeconds ?? NOW });
    this.world = buildWorld({ zones: zones(ksk(0)) }, NOW, { clock: this.clock });
    this.store = parts.store ?? new MemoryStore();
    this.#options = parts.options ?? {};
    this.resolver = this.#start(parts.anchors);
  }

  #start(anchors: string, options: Partial<ResolverOptions> = {}): Resolver {
    return createResolver({
      env: { clock: this.clock, random: seededRandom(1), exchange: this.world.exchange, emit: () => {} },
      rootHints: this.world.hints,
      trustAnchors: anchors,
      managedAnchors: { store: this.store },
      onEvent: (event) => this.events.push(event),
      ...this.#options,
      ...options,
      settings: { queryPrivate: true, ...this.#options.settings, ...options.settings },
    });
  }

  /** Another run of the program, with what the first one stored. */
  async restart(anchors: string, options: Partial<ResolverOptions> = {}): Promise<void> {
    await this.resolver.close();
    this.events = [];
    this.resolver = this.#start(anchors, options);
    await this.resolver.prime();
  }

  publish({ keys, by, ttl = 2 * DAY, spoil = false, expires = 400 * DAY }: Published, apex = "."): void {
    const zone = this.world.zone(apex);
    const [first, ...rest] = keys.map((key) => key.rdata);
    const rrset = { name: zone.apex, type: TYPE.DNSKEY, ttl, data: [first!, ...rest] as const, signatures: [] };
    const now = this.clock.unixSeconds();
    const signatures = by.map((key) => {
      const rdata = signRRset(rrset, key, { inception: Math.max(0, now - DAY), expiration: now + expires });
      return spoil ? Uint8Array.from(rdata, (octet, i) => (i === rdata.length - 1 ? octet ^ 1 : octet)) : rdata;
    });
    zone.set({ ...rrset, signatures });
  }

  pass(days: number): Promise<void> {
    return this.clock.advance(days * DAY * 1000);
  }

  async status(name = "www.example"): Promise<string> {
    const { verdict } = await this.resolver.resolve(name, "A");
    return verdict.status === "bogus" ? `bogus: ${verdict.failure.code}` : verdict.status;
  }

  /** "addpend, valid": states by the ordinal of the key, as stored. */
  states(keys: readonly SigningKey[], zone = "."): string {
    const text = this.store.texts.get(zone) ?? "";
    return keys
      .map((key) => {
        const octets = Buffer.from(key.rdata.subarray(4)).toString("base64");
        return (
          text
            .split("\n")
            .find((line) => line.includes(octets))
            ?.split(" ")[1] ?? "unknown"
        );
      })
      .join(", ");
  }

  /** Questions of one type that were asked, as "name". */
  asked(type: number): string[] {
    return this.events.flatMap((event) =>
      event.kind === "asked" && event.question.type === type ? [event.question.name.toString()] : [],
    );
  }

  told<K extends ResolutionEvent["kind"]>(kind: K): Extract<ResolutionEvent, { kind: K }>[] {
    return this.events.filter((event) => event.kind === kind) as Extract<ResolutionEvent, { kind: K }>[];
  }
}
