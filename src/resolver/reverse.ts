/** The name that holds an address's PTR record. RFC 1035 §3.5, RFC 3596 §2.5. */
import { addressToOctets } from "../wire/address.ts";
import { Name } from "../wire/name.ts";

/** Null if the text is no address. */
export function reverseName(address: string): Name | null {
  const octets = addressToOctets(address);
  if (octets === null) return null;
  if (octets.length === 4) return Name.parse(`${[...octets].reverse().join(".")}.in-addr.arpa.`);
  const nibbles = [...octets].flatMap((octet) => [(octet >>> 4).toString(16), (octet & 15).toString(16)]);
  return Name.parse(`${nibbles.reverse().join(".")}.ip6.arpa.`);
}
