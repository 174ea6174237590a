/**
 * Whom every bound and every rate counts as one client: an IPv4 address, or an IPv6 /64, since whoever has one IPv6 address
 * mostly has the other 2^64 of its network as well.
 */
import { addressToOctets, ipv4Mapped, isWithin } from "../wire/address.ts";
import { withoutScope } from "./addresses.ts";

/** A key for maps. `::ffff:192.0.2.1` is 192.0.2.1: a socket for both families, as systemd may open one, says it so. */
export function clientNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const octets = addressToOctets(withoutScope(address));
  if (octets === null) return address;
  return isWithin(octets, ipv4Mapped) ? octets.subarray(12).join(".") : octets.subarray(0, 8).join(".");
}
