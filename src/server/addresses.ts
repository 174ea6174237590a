/** Addresses as people write them for servers: `127.0.0.1:53`, `[::1]:5300`, `192.0.2.0/24`. */
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import type { ServerAddress } from "../env/env.ts";

/** `ADDR`, `ADDR:PORT`, `[ADDR]:PORT`; TypeError that quotes the text. Port 0: any free one. */
export function parseServerAddress(text: string, defaultPort: number): ServerAddress {
  const bracketed = /^\[([^\]]*)\](?::([0-9]{1,5}))?$/.exec(text);
  if (bracketed !== null && isIPv6(bracketed[1]!)) {
    return { address: bracketed[1]!, port: portOf(bracketed[2], defaultPort, text) };
  }
  if (isIP(text) !== 0) return { address: text, port: defaultPort };
  const dotted = /^([0-9.]+):([0-9]{1,5})$/.exec(text);
  if (dotted !== null && isIPv4(dotted[1]!))
    return { address: dotted[1]!, port: portOf(dotted[2], defaultPort, text) };
  throw new TypeError(`"${text}" is no address with a port: write 127.0.0.1:53 or [::1]:53`);
}

function portOf(digits: string | undefined, defaultPort: number, text: string): number {
  if (digits === undefined) return defaultPort;
  const port = Number(digits);
  if (port > 65535) throw new TypeError(`"${text}" names port ${port}: at most 65535`);
  return port;
}

/** `127.0.0.1:53`, `[::1]:53`. */
export function serverAddressText(server: ServerAddress): string {
  return isIPv6(server.address) ? `[${server.address}]:${server.port}` : `${server.address}:${server.port}`;
}

export interface Prefix {
  readonly text: string;
  has(address: string): boolean;
}

/** `ADDR/LENGTH`, or `ADDR` alone for one address; TypeError that quotes the text. */
export function parsePrefix(text: string): Prefix {
  const match = /^([0-9a-fA-F.:]+)(?:\/([0-9]{1,3}))?$/.exec(text);
  const address = match?.[1] ?? "";
  const family = isIP(address);
  if (match === null || family === 0) {
    throw new TypeError(`"${text}" is no prefix: write 192.0.2.0/24 or 2001:db8::/32`);
  }
  const bits = family === 4 ? 32 : 128;
  const length = match[2] === undefined ? bits : Number(match[2]);
  if (length > bits) throw new TypeError(`"${text}" has a prefix length of ${length}: at most ${bits}`);
  const list = new BlockList();
  list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  return {
    text,
    has(candidate) {
      const bare = withoutScope(candidate);
      // BlockList would find 127.0.0.1 in ::/0, as a mapped address.
      return isIP(bare) === family && list.check(bare, family === 4 ? "ipv4" : "ipv6");
    },
  };
}

/** `fe80::1%eth0` is `fe80::1` to a prefix. */
function withoutScope(address: string): string {
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
    const family = isIP(server.address);
    for (const address of localAddresses) {
      if (isIP(address) !== family || address.toLowerCase().startsWith("fe80:")) continue;
      specific.push({ address, port: server.port });
    }
  }
  return specific;
}
