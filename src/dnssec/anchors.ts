/** Trust anchors. RFC 4035 §5; negative ones RFC 7646. IANA's file is read by anchors-xml.ts. */
import type { Name } from "../wire/name.ts";
import type { TrustAnchor } from "./trust-anchor.ts";

export { anchorsFromZoneText } from "./anchors-text.ts";
export { anchorsFromXml } from "./anchors-xml.ts";
export { AnchorError, type TrustAnchor } from "./trust-anchor.ts";

/** The anchor that decides for `name`: the deepest at or above it. Null: nothing above it is anchored. */
export function closestAnchor(anchors: readonly TrustAnchor[], name: Name): TrustAnchor | null {
  let closest: TrustAnchor | null = null;
  for (const anchor of anchors) {
    if (!name.isWithin(anchor.zone)) continue;
    if (closest === null || anchor.zone.labelCount > closest.zone.labelCount) closest = anchor;
  }
  return closest;
}

export type Anchorage =
  | { readonly kind: "anchored"; readonly anchor: TrustAnchor }
  | { readonly kind: "negative"; readonly at: Name }
  | { readonly kind: "none" };

/**
 * What the operator said about `name`, by the closest word. RFC 7646 §2: below a negative anchor a positive one wins; of
 * both at one name the negative one does, for it is there to silence what is broken.
 */
export function anchorageOf(anchors: readonly TrustAnchor[], negative: readonly Name[], name: Name): Anchorage {
  const anchor = closestAnchor(anchors, name);
  let silenced: Name | null = null;
  for (const at of negative) {
    if (name.isWithin(at) && (silenced === null || at.labelCount > silenced.labelCount)) silenced = at;
  }
  if (silenced !== null && (anchor === null || anchor.zone.labelCount <= silenced.labelCount)) {
    return { kind: "negative", at: silenced };
  }
  return anchor === null ? { kind: "none" } : { kind: "anchored", anchor };
}

/** One anchor for each zone: what several files say of a zone counts together. */
export function mergeAnchors(anchors: readonly TrustAnchor[]): readonly TrustAnchor[] {
  const merged = new Map<string, TrustAnchor>();
  for (const anchor of anchors) {
    const known = merged.get(anchor.zone.key);
    if (known === undefined) merged.set(anchor.zone.key, anchor);
    else {
      merged.set(anchor.zone.key, {
        zone: known.zone,
        ds: [...known.ds, ...anchor.ds],
        keys: [...known.keys, ...anchor.keys],
        source: known.source === anchor.source ? known.source : `${known.source}, ${anchor.source}`,
      });
    }
  }
  return [...merged.values()];
}
