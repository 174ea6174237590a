/**
 * Sockets that systemd opened for us: socket activation, sd_listen_fds(3). What each of them is and where it listens is
 * read from the kernel's tables, since descriptors carry no names that say so.
 */
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import type { ListenAddress } from "../server/listeners.ts";
import { octetsToAddress } from "../wire/address.ts";
import { UsageError } from "./usage-error.ts";

const FIRST_DESCRIPTOR = 3;

export interface Kernel {
  readonly pid: number;
  /** `socket:[12345]` for an open descriptor. */
  readonly linkOf: (descriptor: number) => string;
  /** The text of /proc/net/udp, tcp, udp6, tcp6; empty where there is none. */
  readonly table: (protocol: "udp" | "tcp" | "udp6" | "tcp6") => string;
}

const thisKernel: Kernel = {
  pid: process.pid,
  linkOf: (descriptor) => readlinkSync(`/proc/self/fd/${descriptor}`),
  table(protocol) {
    try {
      return readFileSync(`/proc/net/${protocol}`, "latin1");
    } catch {
      return "";
    }
  },
};

/** Null: no sockets were handed over to this process. UsageError where they cannot be used. */
export function inheritedAddresses(
  env: Readonly<Record<string, string | undefined>>,
  kernel: Kernel = thisKernel,
): readonly ListenAddress[] | null {
  const count = Number(env["LISTEN_FDS"] ?? 0);
  if (Number(env["LISTEN_PID"] ?? 0) !== kernel.pid || !(count > 0)) return null;
  const found = new Map<string, { address: string; port: number; udp?: number; tcp?: number }>();
  for (let descriptor = FIRST_DESCRIPTOR; descriptor < FIRST_DESCRIPTOR + count; descriptor++) {
    const socket = socketOf(descriptor, kernel);
    if (socket === null)
      throw new UsageError(`descriptor ${descriptor} from systemd is no UDP or TCP socket that listens`);
    const key = `${socket.address} ${socket.port}`;
    const known = found.get(key) ?? { address: socket.address, port: socket.port };
    found.set(key, { ...known, [socket.transport]: descriptor });
  }
  return [...found.values()].map(({ address, port, udp, tcp }) => {
    if (udp === undefined || tcp === undefined)
      throw new UsageError(
        `systemd handed over ${address} port ${port} for ${udp === undefined ? "TCP" : "UDP"} only: the socket unit needs ListenDatagram and ListenStream for it`,
      );
    return { address, port, inherited: { udp, tcp } };
  });
}

function socketOf(descriptor: number, { linkOf, table }: Kernel) {
  const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(descriptor)) ?? [];
  if (inode === undefined) return null;
  for (const protocol of ["udp", "tcp", "udp6", "tcp6"] as const) {
    for (const line of table(protocol).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[9] !== inode) continue;
      const [address = "", port = ""] = fields[1]!.split(":");
      const transport = protocol.startsWith("udp") ? ("udp" as const) : ("tcp" as const);
      return { transport, address: addressFromTable(address), port: Number.parseInt(port, 16) };
    }
  }
  return null;
}

/** Words of 32 bits, each in the machine's order of octets: little-endian wherever Node runs on Linux but s390x. */
export function addressFromTable(hex: string): string {
  const octets = Buffer.from(hex, "hex");
  for (let at = 0; at < octets.length; at += 4) octets.subarray(at, at + 4).reverse();
  return octetsToAddress(octets);
}
