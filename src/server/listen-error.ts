/** Why an address could not be opened, and what to do about it. */
import type { ServerAddress } from "../env/env.ts";
import { serverAddressText } from "./addresses.ts";

/** One sentence for people; `code` is the system's. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  readonly server: ServerAddress;

  constructor(server: ServerAddress, transport: "UDP" | "TCP" | "TLS" | "HTTPS", cause: NodeJS.ErrnoException) {
    const code = cause.code ?? "EUNKNOWN";
    super(`cannot listen on ${serverAddressText(server)} (${transport}): ${adviceFor(code, server, cause)}`, { cause });
    this.code = code;
    this.server = server;
  }

  /** This machine does not have the address, or not its family. */
  get isNotHere(): boolean {
    return this.code === "EADDRNOTAVAIL" || this.code === "EAFNOSUPPORT";
  }
}

function adviceFor(code: string, server: ServerAddress, cause: Error): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return (
        `not permitted. Ports below 1024 need root or CAP_NET_BIND_SERVICE ` +
        `(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE); or choose a port with --listen ${serverAddressText({ ...server, port: 5300 })}`
      );
    case "EADDRINUSE":
      return `another program has this address already ("ss -lntup sport = :${server.port}" shows which one)`;
    case "EADDRNOTAVAIL":
      return "no network interface of this machine has this address";
    case "EAFNOSUPPORT":
      return "this system has no IPv6";
    default:
      return cause.message;
  }
}
