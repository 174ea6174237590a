/** Walks for one question, shared by all who need its response: nothing here is judged. */
import { LRUCache } from "lru-cache";
import type { DelegationCache } from "../cache/delegations.ts";
import type { InfraCache } from "../cache/infra.ts";
import type { Clock, ServerAddress } from "../env/env.ts";
import { askZone, serverText, type ZoneReply } from "../iterator/ask-zone.ts";
import type { Delegation } from "../iterator/delegation.ts";
import { type Fetched, iterate, type WalkContext } from "../iterator/walk.ts";
import type { RRset } from "../rrset/rrset.ts";
import { addressFromRdata, isPrivateAddress } from "../wire/address.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { CLASS, TYPE } from "../wire/registry.ts";
import type { Flights } from "./flights.ts";
import { GlueWatch, glueIn } from "./glue-watch.ts";
import type { Settings } from "./options.ts";
import type { Task } from "./session.ts";
import { share } from "./shared-work.ts";
import type { Snapshot } from "./snapshot.ts";

export interface FetchOptions {
  /** Servers whose answer was bogus. */
  readonly avoid?: ServerAddress;
  /** Start here, and show the whole name. */
  readonly wholeNameFrom?: Delegation;
  /** Servers are asked, though a snapshot may know. */
  readonly snapshot?: "left out";
}

export interface AddressBook {
  known(server: Name): readonly string[];
  lookUp(server: Name, task: Task): Promise<readonly string[]>;
}

/** Unjudged responses that the chain of trust will want in a moment. */
const KEPT_MS = 30_000;
/** One whole message can be kept, however small the cache. */
const LEAST_KEPT_OCTETS = 262_144;

interface Kept {
  readonly fetched: Fetched;
  readonly untilMs: number;
}

export class Fetcher {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #flights: Flights;
  readonly #delegations: DelegationCache;
  readonly #infra: InfraCache;
  readonly #addresses: AddressBook;
  readonly #glue = new GlueWatch();
  readonly #kept: LRUCache<string, Kept>;
  readonly #snapshot: Snapshot | null;

  constructor(parts: {
    readonly clock: Clock;
    readonly settings: Settings;
    readonly flights: Flights;
    readonly delegations: DelegationCache;
    readonly infra: InfraCache;
    readonly addresses: AddressBook;
    /** For unjudged responses that will be wanted in a moment. */
    readonly maxOctets: number;
    readonly snapshot: Snapshot | null;
  }) {
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#flights = parts.flights;
    this.#delegations = parts.delegations;
    this.#infra = parts.infra;
    this.#addresses = parts.addresses;
    this.#kept = new LRUCache({
      maxSize: Math.max(LEAST_KEPT_OCTETS, parts.maxOctets),
      sizeCalculation: ({ fetched }) => weightOf(fetched),
    });
    this.#snapshot = parts.snapshot;
  }

  /** Never rejects. */
  async fetch(question: Question, task: Task, options: FetchOptions = {}): Promise<Fetched> {
    const { avoid, wholeNameFrom } = options;
    const plain = avoid === undefined && wholeNameFrom === undefined;
    const key = keyOf(question);
    if (plain) {
      const kept = this.#kept.get(key);
      if (kept !== undefined && kept.untilMs > this.#clock.monotonicMs()) return kept.fetched;
    }
    const start = wholeNameFrom ?? this.#startFor(question);
    if (plain && options.snapshot !== "left out" && start.mode === "authoritative") {
      const by = { now: this.#clock.unixSeconds(), limits: this.#settings };
      const saved = this.#snapshot?.take(question, start, by) ?? null;
      if (saved !== null) {
        this.#keep(key, question, saved);
        return saved;
      }
    }
    const flightKey = `fetch ${key}${avoid === undefined ? "" : ` not ${serverText(avoid)}`}${wholeNameFrom === undefined ? "" : " whole"}`;
    const joined = await share<Fetched>(this.#flights, flightKey, task, {
      run: async (inner) => {
        const fetched = await this.#iterate(question, start, inner, options);
        this.#keep(key, question, fetched);
        if (fetched.kind === "found") this.#heedChild(fetched);
        else if (avoid === undefined && !inner.session.cutShort) this.#doubt(fetched);
        return fetched;
      },
      hasFailed: (fetched) => fetched.kind === "failed",
    });
    if (joined.kind === "done") return joined.value;
    return {
      kind: "failed",
      why: joined.kind === "cycle" ? "no servers" : "aborted",
      zone: start,
      detail: joinText[joined.kind],
    };
  }

  async #iterate(question: Question, start: Delegation, task: Task, options: FetchOptions): Promise<Fetched> {
    const fetched = await iterate(question, start, this.#walk(task, options), task.signal);
    if (start.otherwise === undefined || fetched.kind === "found" || !mayBeElsewhere(fetched.why)) return fetched;
    return iterate(question, start.otherwise, this.#walk(task, options), task.signal);
  }

  /** Starts fetching a zone's keys while the walk goes on; who needs them joins. */
  prefetchKeys(zone: Name, task: Task): void {
    const { session } = task;
    void this.fetch(
      { name: zone, type: TYPE.DNSKEY, class: CLASS.IN },
      { ...task, flight: null, signal: session.signal },
    );
  }

  /** What is kept of this question is out of date. */
  forget(question: Question): void {
    this.#kept.delete(keyOf(question));
    this.#snapshot?.forget(question);
  }

  clear(): void {
    this.#kept.clear();
  }

  /** DS lies in the parent, so its walk begins above the cut. RFC 4035 §3.1.4.1. */
  #startFor(question: Question): Delegation {
    const above = question.type === TYPE.DS ? question.name.parent() : question.name;
    return this.#delegations.closest(above ?? question.name);
  }

  #walk(task: Task, options: FetchOptions): WalkContext {
    const { avoid, wholeNameFrom } = options;
    const settings = this.#settings;
    return {
      env: task.session.env,
      infra: this.#infra,
      work: task.session.work,
      mayAsk: task.session.mayAsk,
      ednsUdpSize: settings.ednsUdpSize,
      sendTimeoutMs: settings.sendTimeoutMs,
      limits: settings,
      sendsPerAddress: settings.sendsPerAddress,
      nsLookupsAtOnce: settings.nsLookupsAtOnce,
      probesAtOnce: settings.serverProbes,
      avoid: new Set(avoid === undefined ? [] : [serverText(avoid)]),
      mayContact: (server, zone) => this.#mayContact(server, zone),
      knownAddresses: (server) => this.#addresses.known(server),
      lookUpAddresses: (server, signal, zone) => this.#lookUp(server, zone, { ...task, signal }),
      minimisation: {
        steps: wholeNameFrom === undefined ? settings.minimiseSteps : 0,
        single: settings.minimiseSingle,
        strict: settings.strictMinimise,
      },
      referrals: settings.referrals,
      ask: (asked, zone) => this.#ask(asked, zone, task, options),
      onCut: (to) => {
        this.#delegations.remember(to);
        this.#glue.tell(to);
        task.session.env.emit({ kind: "cut", zone: to.zone, signed: to.ds !== null, servers: to.servers.length });
        if (to.ds !== null) this.prefetchKeys(to.zone, task);
      },
    };
  }

  /** Many walks come past the same cut at the same time: they share what its parent says. */
  async #ask(asked: Question, zone: Delegation, task: Task, options: FetchOptions): Promise<ZoneReply> {
    const { avoid } = options;
    const key = `ask ${zone.zone.key} ${keyOf(asked)}${avoid === undefined ? "" : ` not ${serverText(avoid)}`}`;
    const joined = await this.#flights.join(key, task.flight, task.signal, (flight) =>
      askZone(asked, zone, this.#walk({ ...task, flight, signal: flight.signal }, options), flight.signal),
    );
    if (joined.kind === "done") return joined.value;
    return { kind: "failed", why: joined.kind === "cycle" ? "no servers" : "aborted", detail: joinText[joined.kind] };
  }

  /**
   * Like any other name, or from the glue of its own delegation, whichever is there first; and if that leads through the
   * zone itself, its parent may know more than its referral said.
   */
  async #lookUp(server: Name, zone: Delegation, task: Task): Promise<readonly string[]> {
    const known = glueIn(this.#delegations.closest(server), server);
    if (known.length > 0) return known;
    const found = await this.#glue.orElse(server, task.signal, (signal) =>
      this.#addresses.lookUp(server, { ...task, signal }),
    );
    const parent = zone.parent === null ? undefined : this.#delegations.get(zone.parent);
    if (found.length > 0 || parent === undefined || !server.isWithin(zone.zone)) return found;
    const question = { name: server, type: this.#settings.ipv4 ? TYPE.A : TYPE.AAAA, class: CLASS.IN };
    const fetched = await this.fetch(question, task, { wholeNameFrom: parent });
    if (fetched.kind === "failed" || fetched.response.kind !== "answer") return [];
    const [rrset] = fetched.response.rrsets;
    return rrset.data.map((data) => addressFromRdata(rrset.type, data));
  }

  /** Configured servers may be anywhere; what a delegation says must be on the public Internet. */
  #mayContact(server: ServerAddress, zone: Delegation): boolean {
    const v6 = server.address.includes(":");
    if (v6 ? !this.#settings.ipv6 : !this.#settings.ipv4) return false;
    return zone.parent === null || this.#settings.queryPrivate || !isPrivateAddress(server.address);
  }

  /**
   * No server was reached: perhaps the delegation was wrong, for addresses in referrals and of the root are not signed. The
   * parent is asked again, at most as often as delegations are renewed (RFC 9520 §3.3 spares it).
   */
  #doubt({ zone, why }: Extract<Fetched, { kind: "failed" }>): void {
    if (zone.mode !== "authoritative" || (why !== "unreachable" && why !== "no servers")) return;
    this.#delegations.shorten(zone.zone, 0);
    // What a file said of addresses is worth less, and its other delegations on the way here are of the same kind.
    for (const above of this.#snapshot?.delegatedAbove(zone.zone) ?? []) this.#delegations.forget(above);
  }

  /** A zone about to move lowers the TTL of its own NS RRs, while the parent's stays what it is. */
  #heedChild({ zone, message }: Extract<Fetched, { kind: "found" }>): void {
    if (zone.mode !== "authoritative" || !message.aa) return;
    for (const { name, type, ttl } of message.authority)
      if (type === TYPE.NS && name.equals(zone.zone)) this.#delegations.shorten(zone.zone, ttl);
  }

  #keep(key: string, question: Question, fetched: Fetched): void {
    if (fetched.kind !== "found" || (question.type !== TYPE.DNSKEY && question.type !== TYPE.DS)) return;
    const ttl = lowestTtl(fetched);
    if (ttl > 0) this.#kept.set(key, { fetched, untilMs: this.#clock.monotonicMs() + Math.min(KEPT_MS, ttl * 1000) });
  }
}

const joinText = {
  cycle: "its servers' addresses depend on each other",
  crowded: "too many wait for it",
  aborted: "no longer needed",
} as const;

/** A limit that was reached, or a client that is gone, is no reason to ask others. */
function mayBeElsewhere(why: Extract<Fetched, { kind: "failed" }>["why"]): boolean {
  return why === "unreachable" || why === "unhelpful" || why === "no servers";
}

const keyOf = (question: Question): string => `${question.type} ${question.name.key}`;

function lowestTtl(fetched: Extract<Fetched, { kind: "found" }>): number {
  const { response } = fetched;
  let ttl = 3600;
  const rrsets: readonly RRset[] = response.kind === "answer" ? response.rrsets : response.authority;
  for (const rrset of rrsets) ttl = Math.min(ttl, rrset.ttl);
  return ttl;
}

/** The message as records, and the same again as RRsets. */
function weightOf(fetched: Fetched): number {
  if (fetched.kind !== "found") return 1000;
  const { answer, authority, additional } = fetched.message;
  let octets = 2000;
  for (const records of [answer, authority, additional])
    for (const { rdata } of records) octets += 1000 + 2 * rdata.length;
  return octets;
}
