/**
 * Warmth across restarts: what the caches hold, written down, and given back as replies that nobody has judged yet.
 *
 * A forged snapshot must be no stronger than a forged datagram, and it is weaker. Only what was proven secure is written,
 * and only what proves to be secure again is used; anything else is asked for, so that no unsigned answer ever comes from a
 * file. Delegations are written for signed children alone: a wrong address there leads to answers that fail. Each entry is
 * given out once, so whatever is wrong with it is asked of the network when it is tried again.
 */
import type { AnswerCache } from "../cache/answers.ts";
import type { DelegationCache } from "../cache/delegations.ts";
import { decodeEntry, encodeEntry, readEntries, type Unread, type Written } from "../cache/snapshot.ts";
import type { ZoneCache } from "../cache/zones.ts";
import type { AliasData, AnswerData } from "../dnssec/answer.ts";
import type { Clock, UnixSeconds } from "../env/env.ts";
import { type ClassifyLimits, classifyResponse } from "../iterator/classify.ts";
import type { Delegation } from "../iterator/delegation.ts";
import type { Fetched } from "../iterator/walk.ts";
import { type RRset, signatureRecords, toRecords } from "../rrset/rrset.ts";
import { addressToOctets } from "../wire/address.ts";
import type { Message, Question, ResourceRecord } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { CLASS, RCODE, type RRType, TYPE } from "../wire/registry.ts";

/** Calendars of two machines, or of one before and after it asked for the time, differ a little. */
const FUTURE_SECONDS = 60;

export interface SnapshotSources {
  readonly clock: Clock;
  readonly answers: AnswerCache;
  readonly delegations: DelegationCache;
  readonly zones: ZoneCache;
}

/** In place of a server's address: nobody can be asked there. */
const snapshotSource = { address: "snapshot", port: 0 } as const;

type Found = Extract<Fetched, { kind: "found" }>;

export const isFromSnapshot = ({ from }: Pick<Found, "from">): boolean => from === snapshotSource;

/** One process's snapshot: given to the resolver that it warms, and asked for entries when it is time to save. */
export class Snapshot {
  readonly #replies = new Map<string, Unread>();
  readonly #referrals: Unread[] = [];
  readonly #delegated = new Set<NameKey>();
  #savedAt: UnixSeconds = 0;
  #sources: SnapshotSources | null = null;

  /** How many entries wait to be asked for. */
  get size(): number {
    return this.#replies.size;
  }

  /** What was saved at `savedAt`. Null, or why nothing of it is used: one clause for people. */
  load(body: Uint8Array, savedAt: UnixSeconds, now: UnixSeconds): string | null {
    if (savedAt > now + FUTURE_SECONDS)
      return `it was saved ${Math.round(savedAt - now)} s after now: the clock went back`;
    try {
      for (const entry of readEntries(body)) {
        if (entry.until <= now) continue;
        if (entry.kind === "referral") this.#referrals.push(entry);
        else this.#replies.set(keyOf(entry.name, entry.rcode === RCODE.NXDOMAIN ? NAME_ERROR : entry.type), entry);
      }
    } catch (error) {
      this.clear();
      return `entry ${this.#replies.size + this.#referrals.length + 1} cannot be read: ${(error as Error).message}`;
    }
    this.#savedAt = savedAt;
    return null;
  }

  clear(): void {
    this.#replies.clear();
    this.#referrals.length = 0;
  }

  /** Called by the resolver: where to look when it is time to save. */
  attach(sources: SnapshotSources): void {
    this.#sources = sources;
  }

  /** The delegations, parents first, once. */
  takeDelegations(now: UnixSeconds, limits: ClassifyLimits): readonly Delegation[] {
    const delegations: Delegation[] = [];
    for (const unread of this.#referrals.splice(0)) {
      const written = this.#open(unread, now);
      const delegation = written === null ? null : delegationFrom(written, limits);
      if (delegation === null) continue;
      this.#delegated.add(delegation.zone.key);
      delegations.push({ ...delegation, ttl: Math.floor(unread.until - now) });
    }
    return delegations.sort((a, b) => a.zone.labelCount - b.zone.labelCount);
  }

  /** Zones at and above this one whose delegation was taken from here; each is told once. */
  delegatedAbove(zone: Name): readonly Name[] {
    const told: Name[] = [];
    for (let labels = zone.labelCount; labels > 0; labels--) {
      const above = zone.ancestor(labels);
      if (this.#delegated.delete(above.key)) told.push(above);
    }
    return told;
  }

  /** A reply to this question as if `zone`'s servers had given it, to be judged like theirs; each once. */
  take(
    question: Question,
    zone: Delegation,
    by: { readonly now: UnixSeconds; readonly limits: ClassifyLimits },
  ): Found | null {
    if (this.#replies.size === 0 || question.type === TYPE.ANY) return null;
    for (const key of [
      keyOf(question.name, question.type),
      keyOf(question.name, ALIAS),
      keyOf(question.name, NAME_ERROR),
    ]) {
      const unread = this.#replies.get(key);
      // DS is the parent's to tell, and an alias or a name error may be the child's.
      if (unread === undefined || (question.type === TYPE.DS && unread.type !== TYPE.DS)) continue;
      this.#replies.delete(key);
      const written = this.#open(unread, by.now);
      if (written === null) continue;
      const message = { ...written.message, question: [question] };
      const response = classifyResponse(message, question, zone, by.limits, () => {});
      if (response.kind === "useless" || response.kind === "referral") continue;
      return { kind: "found", response, zone, message, from: snapshotSource };
    }
    return null;
  }

  /** Nothing that was saved of this question is of use any more. */
  forget({ name, type }: Question): void {
    for (const each of [type, ALIAS, NAME_ERROR]) this.#replies.delete(keyOf(name, each));
  }

  forgetAll(at: (name: NameKey) => boolean): void {
    for (const { name, type } of [...this.#replies.values()])
      if (at(name.key)) this.forget({ name, type, class: CLASS.IN });
  }

  /** What is worth saving: keys and delegations, then answers, the last used first, then what nobody has asked for yet. */
  *entries(now: UnixSeconds): Generator<Uint8Array> {
    const sources = this.#sources;
    if (sources === null) return;
    const nowMs = sources.clock.monotonicMs();
    const left = (leftMs: number): UnixSeconds => now + leftMs / 1000;
    const age = (storedMs: number): number => Math.floor((nowMs - storedMs) / 1000);
    const write = (written: Omit<Written, "kind" | "parentLabels" | "port">) =>
      encodeEntry({ kind: "reply", parentLabels: 0, port: 0, ...written });
    const seen = new Set<string>();
    for (const [trust, leftMs, storedMs] of sources.zones.entries()) {
      if (trust.status !== "secure" || seen.has(trust.name.key)) continue;
      seen.add(trust.name.key);
      const { proof } = trust;
      const kept = "ds" in proof ? [proof.dnskey.rrset, proof.ds.rrset] : [proof.dnskey.rrset];
      for (const rrset of kept) {
        const question = { name: rrset.name, type: rrset.type, class: CLASS.IN };
        const message = replyWith(question, { rcode: RCODE.NOERROR, answer: [rrset], authority: [] }, age(storedMs));
        yield* some(write({ message, until: left(leftMs) }));
      }
    }
    for (const [delegation, leftMs, storedMs] of sources.delegations.entries())
      yield* some(writeDelegation(delegation, { until: left(leftMs), age: age(storedMs) }));
    for (const [type, { link, storedMs, expiresMs }] of sources.answers.entries()) {
      const { verdict } = link;
      if (verdict.status !== "secure" || type === TYPE.ANY || type === TYPE.RRSIG) continue;
      const message = messageOf(verdict.value, type, age(storedMs));
      if (message !== null) yield* some(write({ message, until: left(expiresMs - nowMs) }));
    }
    for (const unread of this.#replies.values()) yield* some(this.#again(unread, now));
  }

  #again(unread: Unread, now: UnixSeconds): Uint8Array | null {
    const written = this.#open(unread, now);
    return written === null ? null : encodeEntry(written);
  }

  #open(unread: Unread, now: UnixSeconds): Written | null {
    const age = Math.max(0, Math.ceil(now - this.#savedAt));
    if (unread.until <= now || now < this.#savedAt - FUTURE_SECONDS) return null;
    return decodeEntry(unread.octets, age);
  }
}

function* some(octets: Uint8Array | null): Generator<Uint8Array> {
  if (octets !== null) yield octets;
}

/** In place of a type: numbers that RFC 6895 §3.1 reserves. */
const NAME_ERROR = 0;
const ALIAS = 65535;

const keyOf = (name: Name, type: number): string => String.fromCharCode(type) + name.key;

/** Null for DNAMEs, which hold for many names. */
function messageOf(value: AnswerData | AliasData, type: RRType | null, age: number): Message | null {
  if ("alias" in value) {
    const { alias, authority } = value;
    if (alias.type !== TYPE.CNAME) return null;
    return replyWith(
      { name: alias.name, type: ALIAS, class: CLASS.IN },
      { rcode: RCODE.NOERROR, answer: [alias], authority },
      age,
    );
  }
  const { name, rcode, rrsets: answer, authority } = value;
  return replyWith(
    { name, type: type === null || type === NAME_ERROR ? TYPE.A : type, class: CLASS.IN },
    { rcode, answer, authority },
    age,
  );
}

function replyWith(
  question: Question,
  {
    rcode,
    answer,
    authority,
  }: { readonly rcode: number; readonly answer: readonly RRset[]; readonly authority: readonly RRset[] },
  age: number,
): Message {
  return { ...emptyReply(question, rcode), answer: recordsOf(answer, age), authority: recordsOf(authority, age) };
}

function emptyReply(question: Question, rcode: number): Message {
  const flags = { qr: true, aa: true, tc: false, rd: false, ra: false, ad: false, cd: false };
  return {
    ...flags,
    id: 0,
    opcode: 0,
    rcode,
    question: [question],
    answer: [],
    authority: [],
    additional: [],
    edns: null,
  };
}

function recordsOf(rrsets: readonly RRset[], age: number): ResourceRecord[] {
  return rrsets.flatMap((rrset) => {
    const ttl = Math.max(0, rrset.ttl - age);
    return [...toRecords(rrset, ttl), ...signatureRecords(rrset, ttl)];
  });
}

function writeDelegation(
  delegation: Delegation,
  { until, age }: { readonly until: UnixSeconds; readonly age: number },
): Uint8Array | null {
  const { zone, parent, ds, servers, mode, port } = delegation;
  if (parent === null || ds === null || mode !== "authoritative" || servers.some((server) => server.port !== undefined))
    return null;
  const ttl = 0x7fffffff; // `until` says how long it lives
  const record = (name: Name, type: RRType, rdata: Uint8Array): ResourceRecord => ({
    name,
    type,
    class: CLASS.IN,
    ttl,
    rdata,
  });
  const glue = servers.flatMap(({ name, addresses }) =>
    addresses.map((address) => record(name, address.includes(":") ? TYPE.AAAA : TYPE.A, addressToOctets(address)!)),
  );
  const message: Message = {
    ...emptyReply({ name: zone, type: TYPE.NS, class: CLASS.IN }, RCODE.NOERROR),
    aa: false,
    authority: [...servers.map(({ name }) => record(zone, TYPE.NS, name.wire)), ...recordsOf([ds], age)],
    additional: glue,
  };
  return encodeEntry({ kind: "referral", message, parentLabels: parent.labelCount, port, until });
}

function delegationFrom({ message, parentLabels, port }: Written, limits: ClassifyLimits): Delegation | null {
  const zone = message.question[0]!.name;
  if (parentLabels >= zone.labelCount) return null;
  const parent: Delegation = {
    zone: zone.ancestor(parentLabels),
    parent: null,
    ds: null,
    evidence: [],
    servers: [],
    mode: "authoritative",
    ttl: 0,
    port,
  };
  const read = classifyResponse(message, { name: zone, type: TYPE.A, class: CLASS.IN }, parent, limits, () => {});
  if (read.kind !== "referral" || read.to.ds === null || !read.to.zone.equals(zone)) return null;
  return read.to;
}
