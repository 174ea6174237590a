/** What each question came to, judged: one link (data, denial or alias) by name and type. Synchronous, sized in octets. */
import type { Clock, UnixSeconds } from "../env/env.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import { dropWhere } from "./drop.ts";
import type { Link, StoredLink } from "./links.ts";
import { type Slot, Slots } from "./slots.ts";
import { WeighedCache } from "./weighed.ts";

export type { Link, StoredLink } from "./links.ts";

/** Of the cache's octets, for links that are kept as objects besides. */
const LIVE_PART = 0.125;
/** Some 3,000 links: what is asked for more often has a finished reply besides. */
const LIVE_MOST = 8 * 1048576;
/** Stands for "whatever the type" in the key of a name error. */
const ANY_TYPE = 0;

export class AnswerCache {
  readonly #clock: Clock;
  readonly #entries: WeighedCache<Slot>;
  readonly #slots: Slots;

  constructor(clock: Clock, limits: { readonly maxOctets: number; readonly entryOctets: number }) {
    this.#clock = clock;
    const liveOctets = Math.min(LIVE_MOST, Math.floor(limits.maxOctets * LIVE_PART));
    this.#slots = new Slots(liveOctets);
    this.#entries = new WeighedCache({
      maxOctets: limits.maxOctets - liveOctets,
      entryOctets: limits.entryOctets,
      own: (slot) => slot.weight,
      shared: (slot) => slot.shared,
    });
  }

  /** The link for this question: its own entry, an alias at the name, or a name error. */
  get(name: Name, type: RRType): StoredLink | undefined {
    return (
      this.#live(keyOf(name.key, type)) ??
      (type === TYPE.CNAME ? undefined : this.alias(name, type)) ??
      this.#live(keyOf(name.key, ANY_TYPE))
    );
  }

  /** The newest of what `get` could give, past its TTL by at most `pastMs`; never past its signatures. RFC 8767 §5. */
  outdated(name: Name, type: RRType, pastMs: number): StoredLink | undefined {
    const aliases = type !== TYPE.ANY && type !== TYPE.DS && type !== TYPE.CNAME;
    const keys = [keyOf(name.key, type), keyOf(name.key, ANY_TYPE), ...(aliases ? [aliasKey(name)] : [])];
    let newest: StoredLink | undefined;
    for (const key of keys) {
      const stored = this.#awake(key);
      if (stored === undefined || stored.validUntil <= this.#clock.unixSeconds()) continue;
      if (stored.expiresMs + pastMs <= this.#clock.monotonicMs()) continue;
      if (newest === undefined || stored.storedMs > newest.storedMs) newest = stored;
    }
    return newest;
  }

  alias(name: Name, type: RRType): StoredLink | undefined {
    if (type === TYPE.ANY || type === TYPE.DS) return undefined;
    return this.#live(aliasKey(name));
  }

  /** A secure DNAME whose owner is this very name. */
  dname(owner: NameKey): StoredLink | undefined {
    return this.#live(dnameKey(owner));
  }

  /** A secure name error at this very name. */
  nameError(name: NameKey): StoredLink | undefined {
    const stored = this.#live(keyOf(name, ANY_TYPE));
    return stored?.link.kind === "end" && stored.link.verdict.status === "secure" ? stored : undefined;
  }

  /** `ttl` in seconds. */
  remember(name: Name, type: RRType, link: Link, ttl: number, validUntil: UnixSeconds): StoredLink {
    const storedMs = this.#nowMs();
    const stored: StoredLink = { link, storedMs, expiresMs: storedMs + ttl * 1000, validUntil };
    // What was known of the name is superseded; DS, CNAME and ANY say nothing of the other types.
    if (type !== TYPE.DS && type !== TYPE.CNAME && type !== TYPE.ANY) this.forget(name, type);
    else this.#entries.delete(keyOf(name.key, type));
    if (ttl <= 0) return stored;
    const slot = this.#slots.hold(stored);
    this.#entries.set(flat(this.#keyFor(name, type, link)), slot);
    if (link.kind === "alias" && link.verdict.status === "secure" && link.verdict.value.alias.type === TYPE.DNAME) {
      this.#entries.set(dnameKey(link.verdict.value.alias.name.key), slot);
    }
    return stored;
  }

  rememberDname(link: Extract<Link, { kind: "alias" }>, ttl: number, validUntil: UnixSeconds): void {
    if (ttl <= 0) return;
    const storedMs = this.#nowMs();
    const stored: StoredLink = { link, storedMs, expiresMs: storedMs + ttl * 1000, validUntil };
    this.#entries.set(dnameKey(link.verdict.value.alias.name.key), this.#slots.hold(stored));
  }

  forget(name: Name, type: RRType): void {
    this.#entries.delete(keyOf(name.key, type));
    this.#entries.delete(aliasKey(name));
    this.#entries.delete(keyOf(name.key, ANY_TYPE));
  }

  /** Everything that is kept at names that `at` chooses; the number of entries dropped. */
  forgetAll(at: (name: NameKey) => boolean): number {
    return dropWhere(this.#entries, (key) => at(key.slice(1) as NameKey));
  }

  /** Name errors and DNAMEs at this name, which speak for the names below it. */
  forgetSpeakingForBelow(name: Name): number {
    return [keyOf(name.key, ANY_TYPE), dnameKey(name.key)].filter((key) => this.#entries.delete(key)).length;
  }

  /** For people: what is kept at this name, past its time or not. Type null: whatever the type. */
  *at(name: Name): Iterable<readonly [type: RRType | null, stored: StoredLink]> {
    for (const [key, slot] of this.#entries.entries()) {
      if (key.slice(1) !== name.key) continue;
      const type = key.charCodeAt(0);
      yield [type === ANY_TYPE || type === ALIAS || type === DNAME_OWNER ? null : type, slot.stored];
    }
  }

  /** What lives, the last used first; `type` as asked for, 0 for a name error, null for an alias of any type. */
  *entries(): Iterable<readonly [type: RRType | null, stored: StoredLink]> {
    for (const [key, slot] of this.#entries.entries()) {
      const type = key.charCodeAt(0);
      if (this.#isLive(slot) && type !== DNAME_OWNER) yield [type === ALIAS ? null : type, slot.stored];
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  get octets(): number {
    return this.#entries.octets;
  }

  #keyFor(name: Name, type: RRType, link: Link): string {
    if (link.kind === "alias") return aliasKey(name);
    const { verdict } = link;
    const denied =
      (verdict.status === "secure" || verdict.status === "insecure") && verdict.value.kind === "name error";
    // DS lives in the parent: what it says of the name is not what the child says.
    return denied && type !== TYPE.DS && verdict.value.name.equals(name)
      ? keyOf(name.key, ANY_TYPE)
      : keyOf(name.key, type);
  }

  #awake(key: string): StoredLink | undefined {
    const slot = this.#entries.get(key);
    return slot === undefined ? undefined : this.#slots.wake(slot);
  }

  #live(key: string): StoredLink | undefined {
    const stored = this.#awake(key);
    return stored !== undefined && this.#isLive(stored) ? stored : undefined;
  }

  /** A whole number, which V8 keeps in place: a fraction is an object of its own. */
  #nowMs(): number {
    return Math.floor(this.#clock.monotonicMs());
  }

  #isLive({ expiresMs, validUntil }: Omit<StoredLink, "link">): boolean {
    return expiresMs > this.#clock.monotonicMs() && validUntil > this.#clock.unixSeconds();
  }
}

const keyOf = (name: NameKey, type: RRType): string => String.fromCharCode(type) + name;
/** Type 65535 is reserved (RFC 6895 §3.1), so it can stand for "an alias is here". */
const ALIAS = 65535;
/** Type 65534 is for private use (RFC 6895 §3.1), so we may: "a DNAME with this owner". */
const DNAME_OWNER = 65534;
const dnameKey = (owner: NameKey): string => String.fromCharCode(DNAME_OWNER) + owner;
const aliasKey = (name: Name): string => String.fromCharCode(ALIAS) + name.key;

/** The same text in one piece: a concatenation keeps its two parts, and the object that joins them. */
function flat(key: string): string {
  const units: number[] = [];
  for (let i = 0; i < key.length; i++) units.push(key.charCodeAt(i));
  return String.fromCharCode(...units);
}
