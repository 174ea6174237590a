/** Addresses as people write them for servers: `127.0.0.1:53`, `[::1]:5300`, `192.0.2.0/24`. */
import type { ServerAddress } from "../env/env.ts";
import { addressToOctets, isIpv6, isWithin, parseServerAddress } from "../wire/address.ts";

/** `ADDR`, `ADDR:PORT`, `[ADDR]:PORT`, `ADDR@PORT`; TypeError that quotes the text. Port 0: any free one. */
export function serverAddressFrom(text: string, defaultPort: number): ServerAddress {
  const server = parseServerAddress(text, defaultPort);
  if (server === null) throw new TypeError(`"${text}" is no address with a port: write 127.0.0.1:53 or [::1]:53`);
  return server;
}

/** `127.0.0.1:53`, `[::1]:53`. */
export function serverAddressText(server: ServerAddress): string {
  return isIpv6(server.address) ? `[${server.address}]:${server.port}` : `${server.address}:${server.port}`;
}

export interface Prefix {
  readonly text: string;
  has(address: string): boolean;
}

/** `ADDR/LENGTH`, or `ADDR` alone for one address; TypeError that quotes the text. */
export function parsePrefix(text: string): Prefix {
  const match = /^([0-9a-fA-F.:]+)(?:\/([0-9]{1,3}))?$/.exec(text);
  const prefix = addressToOctets(match?.[1] ?? "");
  if (match === null || prefix === null) {
    throw new TypeError(`"${text}" is no prefix: write 192.0.2.0/24 or 2001:db8::/32`);
  }
  const bits = prefix.length * 8;
  const length = match[2] === undefined ? bits : Number(match[2]);
  if (length > bits) throw new TypeError(`"${text}" has a prefix length of ${length}: at most ${bits}`);
  return {
    text,
    has(candidate) {
      const octets = addressToOctets(withoutScope(candidate));
      return octets !== null && isWithin(octets, [prefix, length]);
    },
  };
}

/** `fe80::1%eth0` is `fe80::1` to a prefix. */
export function withoutScope(address: string): string {
  const percent = address.indexOf("%");
  return percent < 0 ? address : address.slice(0, percent);
}

/**
 * One entry per local address for `0.0.0.0` and `::`: a datagram that leaves a socket bound to a wildcard may carry
 * another source address than the one that was asked, and Node cannot set it. Link-local addresses are left out.
 */
export function withoutWildcards(
  servers: readonly ServerAddress[],
  localAddresses: readonly string[],
): readonly ServerAddress[] {
  const specific: ServerAddress[] = [];
  for (const server of servers) {
    if (server.address !== "0.0.0.0" && server.address !== "::") {
      specific.push(server);
      continue;
    }
    for (const address of localAddresses) {
      if (isIpv6(address) !== isIpv6(server.address) || address.toLowerCase().startsWith("fe80:")) continue;
      specific.push({ address, port: server.port });
    }
  }
  return specific;
}
