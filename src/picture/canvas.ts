/** What a picture is put together on: zones with their keys, each drawn once however often it is needed. */
import { algorithmToText } from "../crypto/algorithms.ts";
import { digestToText } from "../crypto/digests.ts";
import type { DsAccount, KeyAccount, SignatureAccount, ZoneAccount } from "../dnssec/account.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import type { PictureEdge, PictureNode, PictureZone, State } from "./picture.ts";

export class Canvas {
  readonly zones: PictureZone[] = [];
  readonly #nodes = new Map<string, PictureNode>();
  readonly #edges = new Map<string, PictureEdge>();
  readonly #accounts = new Map<string, ZoneAccount>();

  get nodes(): readonly PictureNode[] {
    return [...this.#nodes.values()];
  }

  get edges(): readonly PictureEdge[] {
    return [...this.#edges.values()];
  }

  /** The first node of an id stays. Returns the id. */
  node(node: PictureNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }

  edge(from: string | null, to: string, kind: PictureEdge["kind"], state: State = "secure"): void {
    if (from === null || from === to) return;
    const key = JSON.stringify([from, to]);
    if (!this.#edges.has(key)) this.#edges.set(key, { from, to, kind, state });
  }

  zone(name: Name, state: State): string {
    const id = zoneId(name);
    if (!this.zones.some((zone) => zone.id === id)) this.zones.push({ id, name: name.toString(), state });
    return id;
  }

  /** A proven zone, and all above it. */
  chain(account: ZoneAccount): string {
    const id = zoneId(account.zone);
    if (this.#accounts.has(id)) return id;
    const { parent, entry } = account;
    if (parent !== null) this.chain(parent);
    this.#accounts.set(id, account);
    this.zone(account.zone, "secure");
    const from = entry.kind === "anchor" ? this.#anchor(account, entry) : this.#signedDs(account, entry);
    const named = namedBy(account);
    this.edge(from, this.key(account, account.signature), "names");
    for (const key of account.keys)
      if (named.includes(key.tag)) this.edge(from, this.key(account, { ...key, keyTag: key.tag }), "names");
    return id;
  }

  #anchor({ zone }: ZoneAccount, { source, keyTags }: Extract<ZoneAccount["entry"], { kind: "anchor" }>): string {
    return this.node({
      id: `anchor ${zone}`,
      zone: null,
      kind: "anchor",
      title: `trust anchor of ${zone}`,
      lines: [`${keyTags.length === 1 ? "key" : "keys"} ${keyTags.join(", ")}`, `from ${source}`],
      state: "secure",
    });
  }

  #signedDs(account: ZoneAccount, { ds, signature }: Extract<ZoneAccount["entry"], { kind: "ds" }>): string {
    return this.signed(account.parent!, signature, dsNode(account.zone, ds, signature, "secure"));
  }

  /** Something that a key of a proven zone signed. */
  signed(zone: ZoneAccount, signature: SignatureAccount, node: PictureNode): string {
    const id = this.node(node);
    this.edge(this.key(zone, signature), id, "signs");
    return id;
  }

  /** A key of a proven zone; where it is not the one that signed the keys, that one vouches for it. */
  key(account: ZoneAccount, { keyTag, algorithm }: { readonly keyTag: number; readonly algorithm: number }): string {
    const id = `key ${account.zone} ${keyTag} ${algorithm}`;
    if (this.#nodes.has(id)) return id;
    const known = account.keys.find((key) => key.tag === keyTag && key.algorithm === algorithm);
    const { signature } = account;
    const signsKeys = signature.keyTag === keyTag && signature.algorithm === algorithm;
    const role = known === undefined ? algorithmToText(algorithm) : keyText(known);
    this.node({
      id,
      zone: zoneId(account.zone),
      kind: "key",
      title: `DNSKEY ${keyTag}`,
      lines: signsKeys ? [role, `signs the keys until ${dayText(signature.expiration)}`] : [role],
      state: "secure",
    });
    if (!signsKeys && !namedBy(account).includes(keyTag)) this.edge(this.key(account, signature), id, "signs");
    return id;
  }

  /** At the end: the keys that nothing needed, together. */
  idleKeys(): void {
    for (const [zone, account] of this.#accounts) {
      const idle = account.keys.filter(
        ({ tag, algorithm }) => !this.#nodes.has(`key ${account.zone} ${tag} ${algorithm}`),
      );
      if (idle.length + account.unlisted === 0) continue;
      const lines = idle.slice(0, 3).map((key) => `${key.tag} ${keyText(key)}`);
      const more = idle.length - lines.length + account.unlisted;
      const id = this.node({
        id: `keys ${account.zone}`,
        zone,
        kind: "keys",
        title: lines.length + more === 1 ? "a key not needed here" : "keys not needed here",
        lines: more === 0 ? lines : [...lines, lines.length === 0 ? `${more} of them` : `and ${more} more`],
        state: "idle",
      });
      this.edge(this.key(account, account.signature), id, "signs", "idle");
    }
  }
}

export function dsNode(
  zone: Name,
  ds: readonly DsAccount[],
  signature: SignatureAccount | null,
  state: State,
): PictureNode {
  const parent = signature === null ? null : zoneId(signature.signer);
  return {
    id: `ds ${zone}`,
    zone: parent,
    kind: "ds",
    title: `DS ${zone}`,
    lines: [
      ...ds.map((one) => `key ${one.keyTag}, ${algorithmToText(one.algorithm)}, ${digestToText(one.digestType)}`),
      ...(signature === null ? [] : [signedText(signature)]),
    ],
    state,
  };
}

/** The tags of the keys that an anchor or the parent names. */
function namedBy({ entry }: ZoneAccount): readonly number[] {
  return entry.kind === "anchor" ? entry.keyTags : entry.ds.map(({ keyTag }) => keyTag);
}

export function zoneId(name: Name): string {
  return `zone ${name.lowerCased()}`;
}

export function keyText({ flags, algorithm }: KeyAccount): string {
  const role =
    (flags & 0x80) !== 0 ? "revoked" : (flags & 0x100) === 0 ? "no zone key" : (flags & 1) !== 0 ? "KSK" : "ZSK";
  return `${role}, ${algorithmToText(algorithm)}`;
}

export function signedText({ keyTag, expiration }: SignatureAccount): string {
  return `signed by ${keyTag} until ${dayText(expiration)}`;
}

/** "2026-11-16 12:00": UTC, for narrow places. */
export function dayText(at: UnixSeconds): string {
  return new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ");
}
