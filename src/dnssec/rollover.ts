/**
 * Trust anchors that follow the zone's own key rollovers. RFC 5011 §2, §4. A table and pure functions: when to probe and
 * where the state is kept (written to a new file, then renamed) is the caller's business.
 */
import type { UnixSeconds } from "../env/env.ts";
import { equalOctets } from "../rrset/canonical.ts";
import type { RRset } from "../rrset/rrset.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Name } from "../wire/name.ts";
import { type Dnskey, type Ds, encodeRdata } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";
import { chooseDs, matchDs } from "./ds.ts";
import type { Judge } from "./judge.ts";
import type { Failure } from "./proof.ts";
import { algorithmCounts, findSignature } from "./signature.ts";
import type { TrustAnchor } from "./trust-anchor.ts";
import { anchorZone } from "./zone.ts";
import { FLAG, KeyRing, ZoneKey } from "./zone-keys.ts";

const DAY = 86_400;
const HOUR = 3_600;

/** RFC 5011 §2.4.1: 30 days, or the DNSKEY RRset's original TTL when the key was first seen, if that is longer. */
const ADD_HOLD_DOWN = 30 * DAY;
/** RFC 5011 §2.4.2. */
const REMOVE_HOLD_DOWN = 30 * DAY;
/**
 * RFC 5011 §4.2 lets missing keys be trusted without end. A key withdrawn without revocation will not be revoked any more
 * if it is stolen, so after a year without it, while others do its work, it has to begin anew.
 */
const MISSED_FOR = 366 * DAY;

/** RFC 5011 §4.2. */
export type KeyState = "start" | "addpend" | "valid" | "missing" | "revoked" | "removed";

type KeyEvent =
  /** A key that we do not know, in an RRset signed by one that we trust. */
  | "new key"
  /** The same, and a configured DS names it. */
  | "configured"
  | "present"
  | "absent"
  /** Absent for `MISSED_FOR`, while another trusted key is present. */
  | "given up"
  /** All keys that vouched for it when it was first seen were revoked since. */
  | "compromised"
  /** Present, and has been without a gap for the hold-down time. */
  | "hold-down over"
  /** With the REVOKE flag, and signed by itself. */
  | "revoked"
  | "removal due";

/** RFC 5011 §4.1. No row: the state stays. Missing keys stay trusted, revoked ones are never trusted again. */
const transitions: Readonly<Record<KeyState, Partial<Readonly<Record<KeyEvent, KeyState>>>>> = {
  start: { "new key": "addpend", configured: "valid", revoked: "revoked" },
  // The RFC has no row for a pending key that is revoked; it must not come back either.
  addpend: {
    absent: "start",
    compromised: "start",
    "hold-down over": "valid",
    configured: "valid",
    revoked: "revoked",
  },
  valid: { absent: "missing", revoked: "revoked" },
  missing: { present: "valid", configured: "valid", "given up": "start", revoked: "revoked" },
  revoked: { "removal due": "removed" },
  removed: {},
};

export interface TrackedKey {
  /** Without the REVOKE flag. */
  readonly dnskey: Dnskey;
  readonly state: KeyState;
  /** When it entered its state. */
  readonly since: UnixSeconds;
  /** When the hold-down time of addpend or revoked is over; null in other states. */
  readonly due: UnixSeconds | null;
  /** Tags of the keys that signed the RRset in which an addpend key was first seen; none in other states. */
  readonly vouchers: readonly number[];
}

export interface AnchorState {
  readonly zone: Name;
  /** Configured DS RRs whose keys were not seen yet. */
  readonly ds: readonly Ds[];
  readonly keys: readonly TrackedKey[];
  /** Of the last RRset that was verified. */
  readonly last: { readonly at: UnixSeconds; readonly originalTtl: number; readonly validUntil: UnixSeconds } | null;
}

/** What one probe showed. Made by `sightKeys`. */
export interface KeySighting {
  /** Null: no key that we trust signed the RRset. Then only revocations count, which prove themselves. */
  readonly verified: { readonly originalTtl: number; readonly validUntil: UnixSeconds } | null;
  /** Keys of the verified RRset that may become or are anchors: SEP and zone flag, not revoked. */
  readonly present: readonly Dnskey[];
  /** Those of `present` that a configured DS names. */
  readonly configured: readonly Dnskey[];
  /** Trusted keys that signed the RRset. */
  readonly vouchers: readonly ZoneKey[];
  /** Keys with the REVOKE flag that signed the RRset themselves. */
  readonly revoked: readonly Dnskey[];
  /** Configured DS RRs whose keys were seen, revoked or not: from now on the key itself is tracked. */
  readonly metDs: readonly Ds[];
  /** Why the RRset was not verified. */
  readonly failure: Failure | null;
}

/** The state after a probe. RFC 5011 §4. */
export function advanceAnchor(state: AnchorState, seen: KeySighting, now: UnixSeconds): AnchorState {
  const keys: TrackedKey[] = [];
  const gone = [...state.keys.filter((key) => isGone(key.state)).map((key) => key.dnskey), ...seen.revoked];
  const goneTags = new Set(gone.map((key) => tagOf(unrevoked(key))));
  const othersSeen = (key: TrackedKey): boolean =>
    state.keys.some((other) => other !== key && other.state === "valid" && includesKey(seen.present, other.dnskey));
  for (const key of state.keys) {
    const next = moved(key, eventsOf(key, { seen, now, goneTags, othersSeen: othersSeen(key) }), { seen, now });
    // Keys that were trusted once stay on record, so that the state is known to have grown from its configuration.
    if (next.state !== "start" || key.state !== "addpend") keys.push(next);
  }
  for (const dnskey of [...seen.present, ...seen.revoked]) {
    if (keys.some((known) => isSameKey(known.dnskey, dnskey))) continue;
    const fresh: TrackedKey = { dnskey: unrevoked(dnskey), state: "start", since: now, due: null, vouchers: [] };
    const next = moved(fresh, eventsOf(fresh, { seen, now, goneTags, othersSeen: true }), { seen, now });
    if (next.state !== "start") keys.push(next);
  }
  const ds = state.ds.filter((one) => !seen.metDs.includes(one));
  return { zone: state.zone, ds, keys, last: seen.verified === null ? state.last : { at: now, ...seen.verified } };
}

interface Probe {
  readonly seen: KeySighting;
  readonly now: UnixSeconds;
  /** Of keys that were revoked, before or now. */
  readonly goneTags: ReadonlySet<number>;
  /** Another trusted key is present. */
  readonly othersSeen: boolean;
}

/** In the order in which they count: a revocation before all else. */
function eventsOf(key: TrackedKey, { seen, now, goneTags, othersSeen }: Probe): readonly KeyEvent[] {
  const among = (keys: readonly Dnskey[]) => includesKey(keys, key.dnskey);
  const events: KeyEvent[] = [];
  if (among(seen.revoked)) events.push("revoked");
  if (key.state === "revoked" && key.due !== null && now >= key.due) events.push("removal due");
  // RFC 5011 §2.2: the acceptance ends, and may begin anew if others vouch for the key.
  if (key.vouchers.length > 0 && key.vouchers.every((tag) => goneTags.has(tag))) events.push("compromised");
  if (seen.verified === null) return events;
  if (!among(seen.present)) {
    if (othersSeen && now - key.since >= MISSED_FOR) events.push("given up");
    events.push("absent");
  } else {
    if (among(seen.configured)) events.push("configured");
    if (key.state === "start") events.push("new key");
    else if (key.state === "addpend" && key.due !== null && now >= key.due) events.push("hold-down over");
    else events.push("present");
  }
  return events;
}

function moved(
  key: TrackedKey,
  events: readonly KeyEvent[],
  at: { readonly seen: KeySighting; readonly now: UnixSeconds },
): TrackedKey {
  for (const event of events) {
    const state = transitions[key.state][event];
    if (state === undefined) continue;
    const vouchers = state === "addpend" ? at.seen.vouchers.map((voucher) => voucher.tag) : [];
    return { dnskey: key.dnskey, state, since: at.now, due: dueAfter(state, at), vouchers };
  }
  return key;
}

function dueAfter(state: KeyState, at: { readonly seen: KeySighting; readonly now: UnixSeconds }): UnixSeconds | null {
  switch (state) {
    case "addpend":
      return at.now + Math.max(ADD_HOLD_DOWN, at.seen.verified?.originalTtl ?? 0);
    case "revoked":
      return at.now + REMOVE_HOLD_DOWN;
    case "start":
    case "valid":
    case "missing":
    case "removed":
      return null;
  }
}

/** Can this anchor follow its zone? RFC 5011 §4 knows keys with the SEP flag only; a DS will tell when its key is seen. */
export function canRoll(anchor: TrustAnchor): boolean {
  return anchor.ds.length > 0 || anchor.keys.some(isSep);
}

/** The state to begin with: what the operator configured is valid at once. */
export function startRollover(anchor: TrustAnchor, now: UnixSeconds): AnchorState {
  return { zone: anchor.zone, ds: anchor.ds, keys: anchor.keys.filter(isSep).map(validSince(now)), last: null };
}

/**
 * The state of an earlier run beside today's configuration: what is new there is valid at once, what was revoked stays
 * so. Null if the two share nothing: then the state belongs to another anchor.
 */
export function resumeRollover(state: AnchorState, anchor: TrustAnchor, by: Judge): AnchorState | null {
  if (!state.zone.equals(anchor.zone)) return null;
  const tracked = state.keys.map(({ dnskey }) => ZoneKey.of(dnskey, encodeRdata(TYPE.DNSKEY, dnskey)));
  const ds = anchor.ds.filter((one) => namedBy([one], tracked, { state, by }).length === 0);
  const keys = anchor.keys.filter((key) => isSep(key) && !state.keys.some(({ dnskey }) => isSameKey(dnskey, key)));
  const isShared =
    ds.length < anchor.ds.length ||
    keys.length < anchor.keys.filter(isSep).length ||
    ds.some((one) => state.ds.some((other) => isSameDs(one, other)));
  return isShared ? { ...state, ds, keys: [...state.keys, ...keys.map(validSince(by.now))] } : null;
}

const validSince =
  (since: UnixSeconds) =>
  (dnskey: Dnskey): TrackedKey => ({ dnskey, state: "valid", since, due: null, vouchers: [] });

const isGone = (state: KeyState): boolean => state === "revoked" || state === "removed";

const tagOf = (dnskey: Dnskey): number => keyTag(encodeRdata(TYPE.DNSKEY, dnskey));

const isSep = (key: Dnskey): boolean => (key.flags & FLAG.SEP) !== 0;

/**
 * What may be trusted now. Null when every key was revoked: RFC 5011 §5 then treats the zone as if it never had had an
 * anchor, so the caller must say so loudly, or fall back on an anchor above.
 */
export function anchorOf(state: AnchorState, source: string): TrustAnchor | null {
  const keys = state.keys.filter((key) => key.state === "valid" || key.state === "missing").map((key) => key.dnskey);
  return keys.length + state.ds.length === 0 ? null : { zone: state.zone, ds: state.ds, keys, source };
}

/** Judges a DNSKEY RRset that a probe brought. */
export function sightKeys(state: AnchorState, dnskey: RRset<typeof TYPE.DNSKEY>, by: Judge): KeySighting {
  const ring = KeyRing.of(dnskey);
  const revoked = selfRevoked(state, { dnskey, ring }, by);
  const anchor = anchorOf(state, "RFC 5011");
  const trust = anchor === null ? null : anchorZone(anchor, dnskey, by);
  const secure = trust?.status === "secure" ? trust : null;
  const present = secure === null ? [] : secure.keys.filter((key) => isCandidate(key, by));
  const strong = chooseDs(state.ds, by);
  const signed = (key: ZoneKey) => findSignature(dnskey, state.zone, new KeyRing([key]), by).kind === "found";
  const configured = strong.kind === "usable" ? namedBy(strong.ds, present, { state, by }) : [];
  const met = [...present, ...revoked.map(withoutRevoke)];
  return {
    verified:
      secure === null
        ? null
        : { originalTtl: secure.proof.dnskey.signature.originalTtl, validUntil: secure.validUntil },
    present: present.map((key) => key.dnskey),
    configured: configured.map((key) => key.dnskey),
    vouchers: present.filter(
      (key) => (configured.includes(key) || includesKey(anchor?.keys ?? [], key.dnskey)) && signed(key),
    ),
    revoked: revoked.map((key) => key.dnskey),
    metDs: state.ds.filter((ds) => namedBy([ds], met, { state, by }).length > 0),
    failure: trust?.status === "bogus" ? trust.failure : null,
  };
}

/** RFC 5011 §4: SEP keys only. Of an algorithm that we lack, a key could never verify anything. */
function isCandidate(key: ZoneKey, by: Judge): boolean {
  return key.usable && isSep(key.dnskey) && algorithmCounts(key.dnskey.algorithm, by);
}

/** RFC 5011 §2.1: revoked at once, by the flag and a signature of the key's own. Keys that mean nothing to us are left. */
function selfRevoked(
  state: AnchorState,
  apex: { readonly dnskey: RRset<typeof TYPE.DNSKEY>; readonly ring: KeyRing },
  by: Judge,
): readonly ZoneKey[] {
  return apex.ring.keys.filter((key) => {
    if (key.fault !== "revoked") return false;
    const known =
      state.keys.some((other) => isSameKey(other.dnskey, key.dnskey)) ||
      namedBy(state.ds, [withoutRevoke(key)], { state, by }).length > 0;
    if (!known) return false;
    const own = new KeyRing([ZoneKey.forItsRevocation(key)]);
    return findSignature(apex.dnskey, state.zone, own, by).kind === "found";
  });
}

function namedBy(
  ds: readonly Ds[],
  keys: readonly ZoneKey[],
  { state, by }: { readonly state: AnchorState; readonly by: Judge },
): readonly ZoneKey[] {
  const match = matchDs(ds, state.zone, new KeyRing(keys), by);
  return match.kind === "matched" ? match.keys : [];
}

/** As it was before its revocation: the form that DS RRs and our state know. The flag changes the tag. */
function withoutRevoke(key: ZoneKey): ZoneKey {
  const rdata = key.rdata.slice();
  rdata[1] = rdata[1]! & ~FLAG.REVOKE;
  return ZoneKey.of(unrevoked(key.dnskey), rdata);
}

function unrevoked(dnskey: Dnskey): Dnskey {
  return { ...dnskey, flags: dnskey.flags & ~FLAG.REVOKE };
}

function includesKey(keys: readonly Dnskey[], key: Dnskey): boolean {
  return keys.some((other) => isSameKey(other, key));
}

function isSameDs(a: Ds, b: Ds): boolean {
  return (
    a.keyTag === b.keyTag &&
    a.algorithm === b.algorithm &&
    a.digestType === b.digestType &&
    equalOctets(a.digest, b.digest)
  );
}

function isSameKey(a: Dnskey, b: Dnskey): boolean {
  return a.algorithm === b.algorithm && equalOctets(a.publicKey, b.publicKey);
}

/**
 * Seconds until the next probe. RFC 5011 §2.3: half the TTL or half the signature's remaining time, from an hour to 15
 * days; after a failure a tenth, from an hour to a day.
 */
export function nextProbe(state: AnchorState, outcome: "seen" | "failed", now: UnixSeconds): number {
  const [share, most] = outcome === "seen" ? [2, 15 * DAY] : [10, DAY];
  if (state.last === null) return HOUR;
  const { originalTtl, validUntil } = state.last;
  return Math.floor(Math.max(HOUR, Math.min(most, originalTtl / share, (validUntil - now) / share)));
}
