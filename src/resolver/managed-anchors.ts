/**
 * What chains of trust begin with, now. Anchors stay as configured, or are managed: then they follow the key rollovers of
 * their zones. RFC 5011 §2.3 (probes), §4 (states), §5 (all keys revoked).
 *
 * Every DNSKEY RRset that is fetched for the zone of a managed anchor counts as a probe, so that a revocation works from
 * the first answer that shows it. A timer sees to it that there are enough of them.
 */
import { closestAnchor, mergeAnchors, type TrustAnchor } from "../dnssec/anchors.ts";
import type { Judge } from "../dnssec/judge.ts";
import { failure } from "../dnssec/proof.ts";
import {
  type AnchorState,
  advanceAnchor,
  anchorOf,
  canRoll,
  type KeySighting,
  type KeyState,
  nextProbe,
  resumeRollover,
  sightKeys,
  startRollover,
} from "../dnssec/rollover.ts";
import { stateFromText, stateToText } from "../dnssec/rollover-state.ts";
import { bogus } from "../dnssec/verdict.ts";
import { anchorZone, type ZoneTrust } from "../dnssec/zone.ts";
import { Ending } from "../env/abort.ts";
import type { Clock } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { RRset } from "../rrset/rrset.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { type Dnskey, encodeRdata } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";

/** Seconds. DNSKEY RRsets with a TTL of 0 must not mean a write for each question. */
const LEAST_INTERVAL = 3_600;

/** Where states live between two runs. What either function throws is told as an event, and never ends anything. */
export interface AnchorStore {
  /** The text last stored for this zone; null: none yet. */
  load(zone: Name): string | null;
  /** Must leave the old text or the new one, whatever happens meanwhile. */
  store(zone: Name, text: string): void;
}

export interface AnchorsParts {
  readonly configured: readonly TrustAnchor[];
  /** Null: all anchors stay as configured. `store` null: states live as long as this process. */
  readonly managed: { readonly store: AnchorStore | null } | null;
  /** RFC 5011 §5: an anchor without keys counts as never configured. Otherwise, what it stood for is bogus. */
  readonly insecureWhenRevoked: boolean;
  readonly clock: Clock;
  readonly judge: () => Judge;
  readonly emit: (event: ResolutionEvent) => void;
  /** Other keys are trusted than before. */
  readonly onChange: () => void;
  /** The keys of an anchor's zone were fetched and proven. */
  readonly onRefresh: (anchor: TrustAnchor) => void;
}

interface Tracked {
  readonly configured: TrustAnchor;
  state: AnchorState;
  /** What the next run would begin with. */
  stored: AnchorState;
  /** DNSKEY RRsets seen so far. */
  sightings: number;
  /** Its signal ends the wait for the next probe. */
  timer: Ending;
}

/** Fetches the keys of a zone and enters it. "now": somebody may wait for it. */
type Ask = (zone: Name, when: "now" | "later") => Promise<unknown>;

export class Anchors {
  readonly #parts: AnchorsParts;
  readonly #fixed: readonly TrustAnchor[];
  readonly #tracked = new Map<NameKey, Tracked>();
  #current: readonly TrustAnchor[] = [];
  #ask: Ask | null = null;

  constructor(parts: AnchorsParts) {
    this.#parts = parts;
    const all = mergeAnchors(parts.configured);
    const isManaged = (anchor: TrustAnchor): boolean => parts.managed !== null && canRoll(anchor);
    this.#fixed = all.filter((anchor) => !isManaged(anchor));
    for (const configured of all.filter(isManaged)) {
      const state = this.#resumed(configured);
      const timer = new Ending();
      this.#tracked.set(configured.zone.key, { configured, state, stored: state, sightings: 0, timer });
    }
    this.#current = this.#anchorsNow();
    for (const tracked of this.#tracked.values()) this.#tellIfLost(tracked);
  }

  /** What is trusted now. One that holds nothing stands for a zone whose keys are all revoked. */
  get current(): readonly TrustAnchor[] {
    return this.#current;
  }

  /** What needs no keys to be said of an anchor's zone; null if they decide. */
  foregone(anchor: TrustAnchor, by: Judge): ZoneTrust | null {
    if (isEmpty(anchor)) return bogus(failure("anchor revoked", anchor.zone, lostText(anchor.zone)));
    // An anchor of algorithms that do not count needs no keys to be insecure.
    const trust = anchorZone(anchor, null, by);
    return trust.status === "insecure" ? trust : null;
  }

  /** Judges the DNSKEY RRset of an anchor's zone, after learning from it what RFC 5011 lets us. */
  enter(zone: Name, dnskey: RRset<typeof TYPE.DNSKEY> | null, by: Judge): ZoneTrust {
    const tracked = this.#tracked.get(zone.key);
    if (tracked !== undefined && dnskey !== null) this.#learn(tracked, dnskey, by);
    const anchor = closestAnchor(this.#current, zone);
    if (anchor === null || isEmpty(anchor) || !anchor.zone.equals(zone))
      return bogus(failure("anchor revoked", zone, lostText(zone)));
    const trust = anchorZone(anchor, dnskey, by);
    if (trust.status === "secure") this.#parts.onRefresh(anchor);
    return trust;
  }

  /** Has managed anchors probed, now and whenever it is time. */
  start(ask: Ask): void {
    if (this.#ask !== null) return;
    this.#ask = ask;
    for (const tracked of this.#tracked.values()) void this.#probe(tracked, "now");
  }

  stop(): void {
    this.#ask = null;
    for (const tracked of this.#tracked.values()) tracked.timer.abort();
  }

  /** The state that an earlier run left, or a new one. A text that cannot be believed is told, and not believed. */
  #resumed(anchor: TrustAnchor): AnchorState {
    const { judge, managed } = this.#parts;
    const by = judge();
    const fresh = startRollover(anchor, by.now);
    try {
      const text = managed?.store?.load(anchor.zone) ?? null;
      if (text === null) return fresh;
      const resumed = resumeRollover(stateFromText(text, "stored state"), anchor, by);
      if (resumed !== null) return resumed;
      this.#tellTrouble(
        anchor.zone,
        "the stored state belongs to another trust anchor: going on with the configured one",
      );
    } catch (error) {
      this.#tellTrouble(anchor.zone, `${messageOf(error)}: going on with the configured trust anchor`);
    }
    return fresh;
  }

  #learn(tracked: Tracked, dnskey: RRset<typeof TYPE.DNSKEY>, by: Judge): void {
    const before = tracked.state;
    const seen = sightKeys(before, dnskey, by);
    const after = advanceAnchor(before, seen, by.now);
    tracked.state = after;
    tracked.sightings += 1;
    this.#tellMoves(before, after);
    if (trustText(before) !== trustText(after)) {
      this.#current = this.#anchorsNow();
      this.#tellIfLost(tracked);
      this.#parts.onChange();
    }
    if (isNews(tracked)) this.#keep(tracked);
    this.#plan(tracked, seen);
  }

  #keep(tracked: Tracked): void {
    const { state } = tracked;
    try {
      this.#parts.managed?.store?.store(state.zone, stateToText(state));
      tracked.stored = state;
    } catch (error) {
      this.#tellTrouble(state.zone, `its state cannot be stored: ${messageOf(error)}`);
    }
  }

  async #probeAfter(ms: number, tracked: Tracked): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = tracked.timer;
    // A clock that cannot doze is a test's; with the real one, waiting keeps no process alive.
    await (clock.doze?.(ms, signal) ?? clock.sleep(ms, signal));
    if (!signal.aborted) await this.#probe(tracked, "later");
  }

  async #probe(tracked: Tracked, when: "now" | "later"): Promise<void> {
    const { sightings, configured } = tracked;
    try {
      await this.#ask?.(configured.zone, when);
    } catch (error) {
      // A mistake of ours; nobody waits here who would hear it, and the daemon must go on.
      this.#tellTrouble(configured.zone, `looking for its keys failed: ${messageOf(error)}`);
    }
    if (this.#ask !== null && tracked.sightings === sightings) this.#plan(tracked, null);
  }

  /** Sets the timer for the next probe. `seen` null: no DNSKEY RRset was to be had. */
  #plan(tracked: Tracked, seen: KeySighting | null): void {
    const { judge, emit } = this.#parts;
    const { state } = tracked;
    const outcome = seen !== null && seen.verified !== null ? "seen" : "failed";
    // Without a key to trust nothing can be learned any more.
    const seconds = anchorOf(state, "") === null ? null : nextProbe(state, outcome, judge().now);
    tracked.timer.abort();
    tracked.timer = new Ending();
    if (this.#ask !== null && seconds !== null) void this.#probeAfter(seconds * 1000, tracked);
    const detail =
      outcome === "seen"
        ? `DNSKEY RRset of ${state.zone} is signed by a trusted key`
        : (seen?.failure?.detail ?? `no DNSKEY RRset of ${state.zone} that could be judged`);
    emit({ kind: "anchor probed", zone: state.zone, outcome, detail, nextProbeSeconds: seconds });
  }

  #anchorsNow(): readonly TrustAnchor[] {
    const held: TrustAnchor[] = [...this.#fixed];
    const lost: TrustAnchor[] = [];
    for (const { state, configured } of this.#tracked.values()) {
      const anchor = anchorOf(state, configured.source);
      if (anchor !== null) held.push(anchor);
      else lost.push({ zone: configured.zone, ds: [], keys: [], source: configured.source });
    }
    if (this.#parts.insecureWhenRevoked) return held;
    // RFC 5011 §5: an anchor above takes over. Where there is none, a mail server is better off without mail for a while
    // than without the protection that the operator asked for.
    return [...held, ...lost.filter(({ zone }) => closestAnchor(held, zone) === null)];
  }

  #tellMoves(before: AnchorState, after: AnchorState): void {
    const stateIn = ({ keys }: AnchorState, dnskey: Dnskey): KeyState =>
      keys.find((key) => key.dnskey.publicKey === dnskey.publicKey)?.state ?? "start";
    const keys = new Set([...before.keys, ...after.keys].map(({ dnskey }) => dnskey));
    for (const dnskey of keys) {
      const from = stateIn(before, dnskey);
      const to = stateIn(after, dnskey);
      if (from === to) continue;
      const tag = keyTag(encodeRdata(TYPE.DNSKEY, dnskey));
      this.#parts.emit({ kind: "anchor key", zone: after.zone, keyTag: tag, from, to });
    }
  }

  #tellIfLost({ state, configured: { zone } }: Tracked): void {
    if (anchorOf(state, "") !== null) return;
    const heir = closestAnchor(this.#current, zone);
    const then =
      heir === null
        ? "it is treated as if it had never had one"
        : isEmpty(heir)
          ? "nothing at and below it can be proven"
          : `the trust anchor of ${heir.zone} decides`;
    this.#parts.emit({ kind: "anchor lost", zone, detail: `${lostText(zone)}: ${then}` });
  }

  #tellTrouble(zone: Name, trouble: string): void {
    this.#parts.emit({ kind: "anchor state", zone, trouble });
  }
}

/** Worth a write: what is known of the keys, or a sighting that the stored one is an hour older than. */
function isNews({ state, stored }: Tracked): boolean {
  const facts = (of: AnchorState): string => stateToText({ ...of, last: null });
  if (facts(state) !== facts(stored)) return true;
  if (state.last === null) return false;
  return stored.last === null || Math.abs(state.last.at - stored.last.at) >= LEAST_INTERVAL;
}

const isEmpty = (anchor: TrustAnchor): boolean => anchor.ds.length + anchor.keys.length === 0;

const lostText = (zone: Name): string => `every key of the trust anchor of ${zone} was revoked`;

/** Two states with the same text trust the same keys. */
function trustText(state: AnchorState): string {
  const anchor = anchorOf(state, "");
  if (anchor === null) return "";
  return [...anchor.ds.map((ds) => ds.digest), ...anchor.keys.map((key) => key.publicKey)]
    .map((octets) => Buffer.from(octets).toString("base64"))
    .join(" ");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
