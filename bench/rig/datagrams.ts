/** Datagrams that arrived anywhere in this network namespace: questions and answers, of clients and of resolvers. */
import { readFileSync } from "node:fs";

export function datagramsReceived(): number {
  const [head, values] = readFileSync("/proc/net/snmp", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  return Number(values![head!.indexOf("InDatagrams")]);
}
