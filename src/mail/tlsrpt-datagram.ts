/**
 * Results as datagrams for tlsrpt-collectd, the collector that Postfix 3.10 and later tell through libtlsrpt: it counts them
 * and sends the reports of RFC 8460 itself. One datagram for each session: JSON, its keys and numbers as libtlsrpt 0.5 writes
 * them. Node cannot open Unix datagram sockets, so whoever sends is an argument.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { type TlsrptPolicy, tlsrptResults } from "../dane/codes.ts";
import type { SessionEnds } from "./tlsrpt-collector.ts";
import type { PolicyResult } from "./tlsrpt-results.ts";

const policyTypes: Readonly<Record<TlsrptPolicy, number>> = { tlsa: 1, sts: 2, "no-policy-found": 9 };

/** libtlsrpt writes no more, and it is well below what Linux takes in one datagram. */
const LONGEST_DATAGRAM = 65_000;

export interface Session {
  /** The recipients' domain. */
  readonly domain: string;
  /** Its TLSRPT record as published: a domain without one gets no reports. */
  readonly record: string;
  readonly results: readonly PolicyResult[];
  readonly ends?: SessionEnds;
}

/** RangeError for what fits no datagram. */
export function tlsrptDatagram({ domain, record, results, ends = {} }: Session): Uint8Array {
  const details = {
    s: ends.sendingMtaIp,
    n: ends.receivingMxHostname,
    h: ends.receivingMxHelo,
    r: ends.receivingIp,
    a: ends.additionalInformation,
  };
  const octets = Buffer.from(
    JSON.stringify({
      dpv: "1",
      d: domain,
      pr: record,
      policies: results.map(({ policy, final, failures }) => ({
        "policy-type": policyTypes[policy.type],
        "policy-domain": policy.domain,
        ...(policy.strings.length === 0 ? {} : { "policy-string": policy.strings }),
        ...(policy.mx.length === 0 ? {} : { "mx-host": policy.mx }),
        ...(failures.length === 0
          ? {}
          : {
              "failure-details": failures.map(({ result, reason }) => ({
                c: tlsrptResults[result],
                ...details,
                f: reason,
              })),
            }),
        t: failures.length,
        f: final === "success" ? 0 : 1,
      })),
    }),
  );
  if (octets.length > LONGEST_DATAGRAM)
    throw new RangeError(`a TLSRPT datagram of ${octets.length} octets: at most ${LONGEST_DATAGRAM} expected`);
  return octets;
}

export interface DatagramSender {
  /** Does not wait and does not fail: losing a report must not hold up mail. What could not be sent is counted. */
  send(octets: Uint8Array): void;
  readonly lost: number;
  close(): Promise<void>;
}

/** Bytes that the helper may lag behind; further datagrams are lost rather than held. */
const MOST_WAITING = 1 << 20;

/** A line of JSON in, a datagram out. JSON.stringify writes no line ends. */
const HELPER = `
use Socket;
my $path = shift;
socket(my $out, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
my $to = sockaddr_un($path);
$| = 1;
while (my $line = <STDIN>) { chomp $line; print defined(send($out, $line, 0, $to)) ? "." : "!"; }
`;

/**
 * Through a helper process, for there is no other way without native code: Perl, which is part of every Debian and of most
 * other systems. Where `unix-dgram` or the like is installed anyway, write the three lines of a DatagramSender instead.
 */
export function perlDatagramSender(
  socketPath: string,
  { command = "perl" }: { readonly command?: string } = {},
): DatagramSender {
  let lost = 0;
  let waiting = 0;
  let child: ChildProcess | null = null;
  function start(): ChildProcess {
    const started = spawn(command, ["-e", HELPER, "--", socketPath], { stdio: ["pipe", "pipe", "ignore"] });
    const ended = (): void => {
      if (child !== started) return;
      child = null;
      lost += waiting;
      waiting = 0;
    };
    // "close", not "exit": by then all marks have been read.
    started.on("error", ended).on("close", ended);
    started.stdin!.on("error", () => {});
    started.stdout!.on("data", (marks: Buffer) => {
      waiting = Math.max(0, waiting - marks.length);
      lost += marks.filter((mark) => mark === 0x21).length;
    });
    for (const part of [started, started.stdin as Socket, started.stdout as Socket]) part.unref();
    return started;
  }
  return {
    send(octets) {
      child ??= start();
      const { stdin } = child;
      if (stdin === null || stdin.destroyed || stdin.writableLength > MOST_WAITING) {
        lost += 1;
        return;
      }
      waiting += 1;
      stdin.write(octets);
      stdin.write("\n");
    },
    get lost() {
      return lost;
    },
    async close() {
      const last = child;
      if (last === null) return;
      const exited = new Promise<void>((resolve) => last.once("close", () => resolve()).once("error", () => resolve()));
      for (const part of [last, last.stdin as Socket, last.stdout as Socket]) part.ref();
      last.stdin?.end();
      await exited;
    },
  };
}
