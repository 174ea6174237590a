/** One zone of the lab: its records by name, with the order, cuts and empty non-terminals that answers need. RFC 1034 §4.2. */
import type { UnixSeconds } from "../env/env.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import type { LabRRset } from "./rrset.ts";
import type { SigningKey } from "./signer.ts";

export type { LabRRset } from "./rrset.ts";

/** How the zone says no. */
export type DenialStyle =
  | { readonly kind: "nsec" }
  | { readonly kind: "nsec3"; readonly iterations: number; readonly salt: Uint8Array; readonly optOut: boolean };

/** What the zone was signed with; kept so that a wound can sign again. */
export interface SignedWith {
  readonly keys: readonly SigningKey[];
  readonly inception: UnixSeconds;
  readonly expiration: UnixSeconds;
}

export interface ZoneNode {
  readonly name: Name;
  /** Empty at an empty non-terminal. */
  readonly rrsets: Map<RRType, LabRRset>;
}

/** What a name is in its zone. Below a cut or a DNAME it is occluded: there for glue at most. */
export type Standing = "authoritative" | "cut" | "occluded";

export class Zone {
  readonly apex: Name;
  readonly nodes = new Map<NameKey, ZoneNode>();
  /** In the order of their owners: NSEC by name, NSEC3 by hash, which for base32hex is the same. */
  denials: LabRRset[] = [];
  denialStyle: DenialStyle | null = null;
  signedWith: SignedWith | null = null;

  constructor(apex: Name) {
    this.apex = apex;
    this.nodes.set(apex.key, { name: apex, rrsets: new Map() });
  }

  get(name: Name, type: RRType): LabRRset | undefined {
    return this.nodes.get(name.key)?.rrsets.get(type);
  }

  node(name: Name): ZoneNode | undefined {
    return this.nodes.get(name.key);
  }

  /** Adds one record to its RRset; the first one's TTL holds for all. */
  add(record: { readonly name: Name; readonly type: RRType; readonly ttl: number; readonly rdata: Uint8Array }): void {
    const rrsets = this.#nodeFor(record.name).rrsets;
    const { name, type, ttl, rdata } = record;
    const before = rrsets.get(type);
    if (before === undefined) rrsets.set(type, { name, type, ttl, data: [rdata], signatures: [] });
    else if (!before.data.some((data) => Buffer.compare(data, rdata) === 0))
      rrsets.set(type, { ...before, data: [...before.data, rdata] });
  }

  /** Puts a whole RRset in place of what was there. */
  set(rrset: LabRRset): void {
    this.#nodeFor(rrset.name).rrsets.set(rrset.type, rrset);
  }

  /** Takes an RRset away; its node stays, as an empty non-terminal at least. */
  remove(name: Name, type: RRType): void {
    this.nodes.get(name.key)?.rrsets.delete(type);
  }

  standing(name: Name): Standing {
    for (let labels = this.apex.labelCount; labels <= name.labelCount; labels++) {
      const here = this.nodes.get(name.ancestor(labels).key)?.rrsets;
      if (here === undefined) break;
      const isCut = labels > this.apex.labelCount && here.has(TYPE.NS);
      if (labels === name.labelCount) return isCut ? "cut" : "authoritative";
      if (isCut || here.has(TYPE.DNAME)) return "occluded";
    }
    return "authoritative";
  }

  /** Names in canonical order that the zone answers for, cuts and empty non-terminals included. */
  ownNames(): ZoneNode[] {
    return [...this.nodes.values()]
      .filter((node) => this.standing(node.name) !== "occluded")
      .sort((a, b) => (a.name.key < b.name.key ? -1 : 1));
  }

  /** The longest ancestor of `name`, or itself, that has a node. RFC 4592 §3.3.1. */
  closestEncloser(name: Name): Name {
    for (let labels = name.labelCount; labels > this.apex.labelCount; labels--) {
      const ancestor = name.ancestor(labels);
      if (this.nodes.has(ancestor.key)) return ancestor;
    }
    return this.apex;
  }

  /** RFC 2308 §5, RFC 9077 §3: denials live as long as the SOA's last field and its own TTL allow. */
  negativeTtl(): number {
    const soa = this.get(this.apex, TYPE.SOA);
    if (soa === undefined) throw new TypeError(`lab zone ${this.apex} has no SOA`);
    const rdata = soa.data[0];
    const minimum = new DataView(rdata.buffer, rdata.byteOffset).getUint32(rdata.length - 4);
    return Math.min(soa.ttl, minimum);
  }

  #nodeFor(name: Name): ZoneNode {
    if (!name.isWithin(this.apex)) throw new TypeError(`${name} is not within the lab zone ${this.apex}`);
    let node = this.nodes.get(name.key);
    if (node === undefined) {
      node = { name, rrsets: new Map() };
      this.nodes.set(name.key, node);
      // Empty non-terminals get nodes of their own, up to the first name that has one.
      if (name.labelCount > this.apex.labelCount) this.#nodeFor(name.ancestor(name.labelCount - 1));
    }
    return node;
  }
}
