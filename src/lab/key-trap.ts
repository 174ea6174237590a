/** Keys and signatures that cost a careless validator keys × signatures verifications. CVE-2023-50387. */
import { createHash } from "node:crypto";
import { keyTag } from "../wire/key-tag.ts";
import { TYPE } from "../wire/registry.ts";
import { rdataFrom } from "./foreign.ts";
import { rrsetOf } from "./injure.ts";
import { withSignatures } from "./sign-zone.ts";
import { rrsigRdata } from "./signer.ts";
import type { Zone } from "./zone.ts";

const RSASHA256 = 8;
const SIGNATURE_OCTETS = 128;

/** Publishes and signs keys of one tag that nobody holds, and puts wrong signatures by that tag over the A RRset of www. */
export function keyTrap(zone: Zone, count: { readonly keys: number; readonly signatures: number }): void {
  const { signedWith, apex } = zone;
  if (signedWith === null) throw new TypeError(`lab zone ${apex} is not signed`);
  const tag = signedWith.keys[0]!.tag ^ 0x0101;
  const keyset = rrsetOf(zone, `${apex}`, TYPE.DNSKEY);
  const decoys = Array.from({ length: count.keys }, (_, i) => decoyKey(tag, i));
  zone.set(withSignatures(zone, { ...keyset, data: [...keyset.data, ...decoys] }));
  const answer = rrsetOf(zone, `www.${apex}`, TYPE.A);
  const wrong = Array.from({ length: count.signatures }, (_, i) =>
    rrsigRdata({
      typeCovered: TYPE.A,
      algorithm: RSASHA256,
      labels: answer.name.labelCount,
      originalTtl: answer.ttl,
      expiration: Math.floor(signedWith.expiration),
      inception: Math.floor(signedWith.inception),
      keyTag: tag,
      signer: apex,
      signature: new Uint8Array(SIGNATURE_OCTETS).fill(i + 1),
    }),
  );
  zone.set({ ...answer, signatures: wrong });
}

/**
 * DNSKEY RDATA of a key that nobody holds, of the algorithm RSASHA256 and with the wanted key tag: an RSA modulus may be
 * any odd number, so one 16-bit word of it steers the tag (RFC 4034 Appendix B).
 */
export function decoyKey(tag: number, ordinal: number): Uint8Array {
  const modulus = Buffer.concat([hashOf(ordinal, 0), hashOf(ordinal, 1)]);
  modulus[0]! |= 0x80;
  modulus[modulus.length - 1]! |= 1;
  const rdata = rdataFrom("DNSKEY", {
    flags: 256,
    algorithm: RSASHA256,
    key: Buffer.concat([Buffer.of(3, 1, 0, 1), modulus]),
  });
  const view = new DataView(rdata.buffer, rdata.byteOffset);
  const word = 64;
  view.setUint16(word, 0);
  const needed = (tag - keyTag(rdata)) & 0xffff;
  // The carry that Appendix B folds back shifts the sum by one or two at most.
  for (const value of [needed, needed - 1, needed - 2, needed + 1]) {
    view.setUint16(word, value & 0xffff);
    if (keyTag(rdata) === tag) return rdata;
  }
  throw new RangeError(`no decoy key ${ordinal} with tag ${tag}`);
}

function hashOf(ordinal: number, half: number): Buffer {
  return createHash("sha512").update(`decoy ${ordinal} ${half}`).digest();
}
