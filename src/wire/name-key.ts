/** Names as strings in the order of DNSSEC. RFC 4034 §6.1; letter case RFC 4343. */

declare const nameKey: unique symbol;

/**
 * A name as a string that can be compared: labels root first, NUL before each, octet b as code unit b + 1, letters in
 * lower case. `===` is equality, `<` is the canonical order of RFC 4034 §6.1, and a name lies within a zone if its key
 * starts with the zone's key followed by NUL or by nothing. The root's key is "".
 */
export type NameKey = string & { readonly [nameKey]: true };

const MAX_OCTETS = 255;

/** Of a name in uncompressed wire form. */
export function keyOf(wire: Uint8Array): NameKey {
  const length = wire.length - 1;
  let end = length;
  let latin1 = true;
  for (let at = 0; at < length; ) {
    const next = at + wire[at]! + 1;
    end -= next - at;
    keyScratch[end] = 0;
    for (let i = 1; at + i < next; i++) {
      const octet = wire[at + i]!;
      if (octet === 0xff) latin1 = false;
      keyScratch[end + i] = octet >= 0x41 && octet <= 0x5a ? octet + 33 : octet + 1;
    }
    at = next;
  }
  // Buffer's latin1 is two to three times faster than String.fromCharCode (measured 2026-11, Node 20), but ends at 255.
  return (latin1 ? keyScratch.toString("latin1", 0, length) : wideKeyOf(wire)) as NameKey;
}

const keyScratch = Buffer.alloc(MAX_OCTETS);

/** A label holds octet 255, whose code unit is 256. */
function wideKeyOf(wire: Uint8Array): string {
  let key = "";
  for (let at = 0; wire[at] !== 0; at += wire[at]! + 1) {
    let label = "\0";
    for (const octet of wire.subarray(at + 1, at + 1 + wire[at]!))
      label += String.fromCharCode(octet >= 0x41 && octet <= 0x5a ? octet + 33 : octet + 1);
    key = label + key;
  }
  return key;
}

/** Of the name without its leftmost label; the root's is its own. */
export function parentKey(key: NameKey): NameKey {
  return key.slice(0, Math.max(0, key.lastIndexOf("\0"))) as NameKey;
}

/** How long the key is of the deepest name that both are within: it is where both keys begin. */
export function sharedLength(a: NameKey, b: NameKey): number {
  const least = Math.min(a.length, b.length);
  let whole = 0;
  let at = 0;
  for (; at < least; at++) {
    const unit = a.charCodeAt(at);
    if (unit !== b.charCodeAt(at)) break;
    if (unit === 0) whole = at;
  }
  const ends = (key: NameKey): boolean => at === key.length || key.charCodeAt(at) === 0;
  return ends(a) && ends(b) ? at : whole;
}

/** Of `*` below the name: octet 0x2a as code unit 0x2b. RFC 4592 §2.1.1. */
export function wildcardKey(key: NameKey): NameKey {
  return `${key}\0+` as NameKey;
}

export function keyIsWithin(key: NameKey, zone: NameKey): boolean {
  if (!key.startsWith(zone)) return false;
  return key.length === zone.length || key.charCodeAt(zone.length) === 0;
}
