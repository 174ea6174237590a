/** The key tag of a DNSKEY: a hint to find the key, not an identity. RFC 4034 Appendix B. */

/** `rdata`: the whole DNSKEY RDATA. */
export function keyTag(rdata: Uint8Array): number {
  // Algorithm 1 has a rule of its own (Appendix B.1): the modulus's third and second last octets.
  if (rdata[3] === 1 && rdata.length >= 7) return (rdata[rdata.length - 3]! << 8) | rdata[rdata.length - 2]!;
  let sum = 0;
  for (let i = 0; i < rdata.length; i++) sum += i & 1 ? rdata[i]! : rdata[i]! << 8;
  return (sum + Math.floor(sum / 0x10000)) & 0xffff;
}
