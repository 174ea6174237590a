/**
 * The chain of trust from the anchors down to a zone: which keys may speak for a name. DS and DNSKEY come from referrals
 * where they can, else they are asked for. RFC 4035 §5, RFC 6840.
 */

import type { DelegationCache } from "../cache/delegations.ts";
import type { ZoneCache } from "../cache/zones.ts";
import { accountOf, brokenAt } from "../dnssec/accounting.ts";
import { anchorageOf, closestAnchor, type TrustAnchor } from "../dnssec/anchors.ts";
import { type Denial, type Failure, failure, type ZoneProof } from "../dnssec/proof.ts";
import { signersOf, validateAlias } from "../dnssec/response.ts";
import { bogus, indeterminate, type Secure } from "../dnssec/verdict.ts";
import {
  type CutVerdict,
  insecureBelow,
  judgeCut,
  judgeKeys,
  negativelyAnchored,
  type SecureZone,
  unanchored,
  type ZoneTrust,
} from "../dnssec/zone.ts";
import type { Fetched } from "../iterator/walk.ts";
import type { Conclusive, Cut } from "../rrset/findings.ts";
import { isOfType, type RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { CLASS, TYPE } from "../wire/registry.ts";
import type { Fetcher } from "./fetcher.ts";
import type { Flights } from "./flights.ts";
import type { Anchors } from "./managed-anchors.ts";
import type { Settings } from "./options.ts";
import type { Task } from "./session.ts";
import { share } from "./shared-work.ts";

type Found = Extract<Fetched, { kind: "found" }>;

export class Chain {
  readonly #settings: Settings;
  readonly #flights: Flights;
  readonly #zones: ZoneCache;
  readonly #delegations: DelegationCache;
  readonly #fetcher: Fetcher;
  readonly #anchors: Anchors;
  readonly #negative: readonly Name[];
  readonly #onDenial: (denial: Secure<Denial>) => void;

  constructor(parts: {
    readonly settings: Settings;
    readonly flights: Flights;
    readonly zones: ZoneCache;
    readonly delegations: DelegationCache;
    readonly fetcher: Fetcher;
    readonly anchors: Anchors;
    readonly negativeAnchors: readonly Name[];
    /** Hears the proof of each unsigned delegation. */
    readonly onDenial: (denial: Secure<Denial>) => void;
  }) {
    this.#settings = parts.settings;
    this.#flights = parts.flights;
    this.#zones = parts.zones;
    this.#delegations = parts.delegations;
    this.#fetcher = parts.fetcher;
    this.#anchors = parts.anchors;
    this.#negative = parts.negativeAnchors;
    this.#onDenial = parts.onDenial;
  }

  /** The trust of the zone that encloses `name`, at whose apex `name` may stand. Its `name` tells which zone that is. */
  async trustOf(name: Name, task: Task): Promise<ZoneTrust> {
    const known = this.#zones.get(name);
    return known ?? this.#establish(name, task);
  }

  /** Has the keys of an anchor's zone looked at again. What was proven of it stays, unless something better comes. */
  async renew(zone: Name, task: Task): Promise<ZoneTrust> {
    this.#fetcher.forget({ name: zone, type: TYPE.DNSKEY, class: CLASS.IN });
    return this.#establish(zone, task);
  }

  async #establish(name: Name, task: Task): Promise<ZoneTrust> {
    const joined = await share<ZoneTrust>(this.#flights, `trust ${name.key}`, task, {
      run: async (inner) => {
        const trust = await this.#find(name, inner);
        const { session } = inner;
        // A failure for a limit of this question says nothing about the zone.
        const isOurs = isBroken(trust) && session.cutShort;
        if (trust.status === "secure" || (this.#zones.get(name) === undefined && !isOurs)) this.#remember(name, trust);
        session.env.emit({ kind: "zone", zone: name, status: trust.status, detail: detailOf(trust) });
        return trust;
      },
      hasFailed: isBroken,
    });
    if (joined.kind === "done") return joined.value;
    if (joined.kind === "cycle")
      return indeterminate(failure("loop", name, `the chain of trust of ${name} depends on itself`));
    return indeterminate(failure("aborted", name, `nobody waited for the chain of trust of ${name}`));
  }

  /**
   * The trust of the zone that speaks for a response: its signatures name it; where there are none, it is the zone that
   * was asked. An anchor may stand below that zone, and then nothing above the anchor counts.
   */
  async trustFor(found: Found, name: Name, task: Task): Promise<ZoneTrust> {
    const below = this.#speakerBound(found, name);
    const signer = deepestSigner(found.response, below, found.zone.zone);
    // A signer that is no zone leads back up to the zone that encloses it.
    if (signer !== null) return this.trustOf(signer, task);
    if (found.zone.mode === "recursive") return this.trustBelow(found, name, task);
    return this.trustOf(this.#top(found, below), task);
  }

  /**
   * The trust of the deepest zone that encloses `name`, found by looking for a cut at every label below the zone that was
   * asked: one of them may be an insecure delegation served by the same servers.
   */
  async trustBelow(found: Found, name: Name, task: Task): Promise<ZoneTrust> {
    const below = this.#speakerBound(found, name);
    const top = this.#top(found, below);
    let trust = await this.trustOf(top, task);
    for (let labels = top.labelCount + 1; trust.status === "secure" && labels <= below.labelCount; labels++) {
      trust = await this.trustOf(below.ancestor(labels), task);
    }
    return trust;
  }

  /**
   * Denials beside an alias may prove an insecure delegation on the way to its target: learned here, since the child's
   * servers will not tell.
   */
  async learnCuts(found: Found, target: Name, task: Task): Promise<void> {
    const { authority } = found.response;
    if (!authority.some((rrset) => rrset.type === TYPE.NSEC || rrset.type === TYPE.NSEC3)) return;
    const zone = await this.trustFor(found, found.response.question.name, task);
    if (zone.status !== "secure" || !target.isStrictlyWithin(zone.name) || this.anchorBelow(zone.name, target) !== null)
      return;
    for (let labels = zone.name.labelCount + 1; labels <= target.labelCount; labels++) {
      const name = target.ancestor(labels);
      if (this.#zones.get(name) !== undefined) return;
      const cut = await task.session.judging((by) => judgeCut(zone, { zone: name, ds: null, evidence: authority }, by));
      if (cut.kind !== "insecure") continue;
      this.#remember(name, cut.zone);
      return;
    }
  }

  /** The insecure zone that is known to enclose `name`; null if none is. Asks nobody. */
  knownCutAbove(name: Name): ZoneTrust | null {
    for (let labels = name.labelCount; labels > 0; labels--) {
      const known = this.#zones.get(name.ancestor(labels));
      if (known !== undefined) return known.status === "insecure" ? known : null;
    }
    return null;
  }

  /** The deepest zone at or above `name` whose keys are proven, as far as that is known; asks nobody. */
  provenAbove(name: Name): SecureZone | null {
    for (let labels = name.labelCount; labels >= 0; labels--) {
      const known = this.#zones.get(name.ancestor(labels));
      if (known?.status === "secure") return known;
    }
    return null;
  }

  /** A failure to reach somebody, with its place in the chain. */
  #silent(what: "DS" | "DNSKEY", name: Name, fetched: Extract<Fetched, { kind: "failed" }>, task: Task): ZoneTrust {
    const above = name.isRoot ? null : this.provenAbove(name.ancestor(name.labelCount - 1));
    const link = what === "DS" ? "delegation" : "keys";
    const why = unreachable(`${what} of ${name}`, name, fetched, task);
    return indeterminate(brokenAt(why, link, { zone: name, above: above === null ? null : accountOf(above.proof) }));
  }

  /** The closest anchor at or above `name`, if it stands below `zone`. */
  anchorBelow(zone: Name, name: Name): Name | null {
    const anchor = closestAnchor(this.#anchors.current, name)?.zone ?? null;
    return anchor?.isStrictlyWithin(zone) ? anchor : null;
  }

  /** Forgets and asks again: a zone whose keys changed since. RFC 8901 §3. */
  async refresh(zone: Name, task: Task): Promise<ZoneTrust> {
    this.#zones.forget(zone);
    this.#fetcher.forget({ name: zone, type: TYPE.DNSKEY, class: CLASS.IN });
    return this.trustOf(zone, task);
  }

  /** Seconds since the chain to this zone was established. */
  age(zone: Name): number {
    return this.#zones.age(zone);
  }

  async #find(name: Name, task: Task): Promise<ZoneTrust> {
    const anchorage = anchorageOf(this.#anchors.current, this.#negative, name);
    if (anchorage.kind === "negative") return negativelyAnchored(anchorage.at);
    if (anchorage.kind === "none") return unanchored(name);
    const { anchor } = anchorage;
    if (anchor.zone.equals(name)) return this.#enterAnchor(anchor, task);
    const seen = this.#delegations.get(name);
    if (seen?.parent != null && seen.mode === "authoritative" && seen.parent.isWithin(anchor.zone)) {
      const parent = await this.trustOf(seen.parent, task);
      if (parent.status !== "secure") return inherited(parent, name);
      const cut = await task.session.judging((by) => judgeCut(parent, seen, by));
      if (cut.kind === "signed" || cut.kind === "insecure") return this.#enter(parent, cut, name, task);
      // The referral did not prove it: servers may leave the denial out, so ask for the DS itself.
    }
    return this.#enterByDs(name, task);
  }

  async #enterAnchor(anchor: TrustAnchor, task: Task): Promise<ZoneTrust> {
    const foregone = this.#anchors.foregone(anchor, task.session.judge());
    if (foregone !== null) return foregone;
    const trust = await this.#withKeys(anchor.zone, task, (keys) =>
      task.session.judging((by) => this.#anchors.enter(anchor.zone, keys, by)),
    );
    // Its keys may just have revoked themselves; then the anchor above decides, if there is one (RFC 5011 §5).
    const left = closestAnchor(this.#anchors.current, anchor.zone);
    return left?.zone.equals(anchor.zone) ? trust : this.#find(anchor.zone, task);
  }

  async #enterByDs(name: Name, task: Task): Promise<ZoneTrust> {
    const question = { name, type: TYPE.DS, class: CLASS.IN };
    const fetched = await this.#fetcher.fetch(question, task);
    if (fetched.kind === "failed") return this.#silent("DS", name, fetched, task);
    const trust = await this.#judgeDs(name, fetched, task);
    if (trust.status !== "bogus") return trust;
    const again = await this.#fetcher.fetch(question, task, { avoid: fetched.from });
    return again.kind === "failed" ? trust : this.#judgeDs(name, again, task);
  }

  async #judgeDs(name: Name, found: Found, task: Task): Promise<ZoneTrust> {
    const parent = await this.#parentFor(name, found, task);
    if (parent.status !== "secure") return inherited(parent, name);
    const { response } = found;
    if (response.kind === "alias") {
      // An alias where a delegation might be: then there is none. ATTACKS A-15.
      const alias = await task.session.judging((by) => validateAlias(response, parent, by));
      return alias.status === "secure" || alias.status === "insecure" ? parent : alias;
    }
    const cut = await task.session.judging((by) => judgeCut(parent, cutFrom(name, response), by));
    return this.#enter(parent, cut, name, task);
  }

  /** Who answers for the DS of `name`: the signer, else the zone that encloses its parent name. */
  async #parentFor(name: Name, found: Found, task: Task): Promise<ZoneTrust> {
    const above = name.parent() ?? name;
    const signer = deepestSigner(found.response, above, this.#top(found, above));
    if (signer !== null) return this.trustOf(signer, task);
    if (found.zone.mode === "recursive") return this.trustOf(above, task);
    const top = this.#top(found, above);
    return this.trustOf(above.isStrictlyWithin(top) ? above : top, task);
  }

  async #enter(parent: SecureZone, cut: CutVerdict, name: Name, task: Task): Promise<ZoneTrust> {
    switch (cut.kind) {
      case "signed":
        return this.#withKeys(name, task, (keys) => task.session.judging((by) => judgeKeys(parent, cut.ds, keys, by)));
      case "insecure":
        return cut.zone;
      case "no cut":
        return parent;
      case "failed":
        return bogus(cut.failure);
    }
  }

  /** Fetches the keys and judges them; once more from another server if they are bogus. */
  async #withKeys(
    zone: Name,
    task: Task,
    judge: (keys: RRset<typeof TYPE.DNSKEY> | null) => Promise<ZoneTrust>,
  ): Promise<ZoneTrust> {
    const question = { name: zone, type: TYPE.DNSKEY, class: CLASS.IN };
    const fetched = await this.#fetcher.fetch(question, task);
    if (fetched.kind === "failed") return this.#silent("DNSKEY", zone, fetched, task);
    const trust = await judge(keysIn(fetched.response));
    if (trust.status !== "bogus") return trust;
    const again = await this.#fetcher.fetch(question, task, { avoid: fetched.from });
    return again.kind === "failed" ? trust : judge(keysIn(again.response));
  }

  #remember(name: Name, trust: ZoneTrust): void {
    const ttl = this.#ttlOf(trust);
    if (trust.status === "insecure" && "denial" in trust.why) this.#onDenial(trust.why.denial);
    if (ttl > 0) this.#zones.remember(name, trust, ttl);
  }

  #ttlOf(trust: ZoneTrust): number {
    switch (trust.status) {
      case "secure":
        return Math.min(this.#settings.maxTtl, trust.ttl);
      case "insecure":
        return "denial" in trust.why
          ? Math.min(this.#settings.maxTtl, lowestTtl(trust.why.denial.value.records))
          : this.#settings.bogusTtl;
      case "bogus":
        return this.#settings.bogusTtl;
      case "indeterminate":
        return 0;
    }
  }

  /** Where the chain to `name` begins: the zone that was asked, or an anchor below it; with forwarders, the anchor. */
  #top(found: Found, name: Name): Name {
    const anchor = closestAnchor(this.#anchors.current, name)?.zone ?? null;
    const asked = found.zone.zone;
    if (found.zone.mode === "recursive") return anchor ?? asked;
    return anchor?.isStrictlyWithin(asked) ? anchor : asked;
  }

  /** DS is the parent's to tell, so the speaking zone lies above the name. */
  #speakerBound(found: Found, name: Name): Name {
    return found.response.question.type === TYPE.DS ? (name.parent() ?? name) : name;
  }
}

function isBroken({ status }: ZoneTrust): boolean {
  return status === "bogus" || status === "indeterminate";
}

function inherited(parent: Exclude<ZoneTrust, SecureZone>, name: Name): ZoneTrust {
  return parent.status === "insecure" ? insecureBelow(parent, name) : parent;
}

/** The deepest zone that the response's signatures name, at or above `name` and within `top`. */
function deepestSigner(response: Conclusive, name: Name, top: Name): Name | null {
  let deepest: Name | null = null;
  for (const signer of signersOf(response)) {
    if (!name.isWithin(signer) || !signer.isWithin(top)) continue;
    if (deepest === null || signer.labelCount > deepest.labelCount) deepest = signer;
  }
  return deepest;
}

function cutFrom(name: Name, response: Exclude<Conclusive, { kind: "alias" }>): Cut {
  const [first] = response.kind === "answer" ? response.rrsets : [];
  if (first !== undefined && isOfType(first, TYPE.DS)) return { zone: name, ds: first, evidence: [] };
  return { zone: name, ds: null, evidence: response.authority };
}

function keysIn(response: Conclusive): RRset<typeof TYPE.DNSKEY> | null {
  if (response.kind !== "answer") return null;
  const [keys] = response.rrsets;
  return isOfType(keys, TYPE.DNSKEY) ? keys : null;
}

export function unreachable(
  what: string,
  at: Name,
  fetched: Extract<Fetched, { kind: "failed" }>,
  task: Task,
): Failure {
  if (fetched.why === "spent")
    return failure("too many queries", at, `${what}: more upstream questions than one answer may cost`);
  if (fetched.why === "aborted") return failure("aborted", at, `${what}: ${fetched.detail}`);
  const told = fetched.detail || task.session.trouble.join(", ");
  return failure(
    "no reachable authority",
    at,
    `${what}: no answer from the servers of ${fetched.zone.zone}${told === "" ? "" : ` (${told})`}`,
  );
}

function detailOf(trust: ZoneTrust): string {
  switch (trust.status) {
    case "secure":
      return leadsTo(trust.proof);
    case "insecure":
      return trust.why.kind;
    case "bogus":
    case "indeterminate":
      return trust.failure.detail;
  }
}

function leadsTo(proof: ZoneProof): string {
  const keys = `DNSKEY signed by key ${proof.dnskey.signature.keyTag}`;
  return "anchor" in proof
    ? `${keys}, a trust anchor (${proof.anchor.source})`
    : `${keys}, DS signed by key ${proof.ds.signature.keyTag} of ${proof.parent.zone}`;
}

function lowestTtl(rrsets: readonly RRset[]): number {
  let ttl = 86400;
  for (const rrset of rrsets) ttl = Math.min(ttl, rrset.ttl);
  return ttl;
}
