/**
 * Stands before the name servers and passes everything on after a while, each way: what `tc netem` does where the kernel has
 * it. Run as a program: a file with the addresses, one a line, and the milliseconds.
 */
import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";

const [, , list, milliseconds] = process.argv;
const delayMs = Number(milliseconds);
const FLOW_MS = 5000;

for (const address of readFileSync(list!, "utf8").split("\n")) {
  const target = address.replace(/^127\.53\./, "127.54.");
  const front = createSocket("udp4");
  const flows = new Map<string, Socket>();
  front.on("message", (octets, from) => {
    const key = `${from.address} ${from.port}`;
    let flow = flows.get(key);
    if (flow === undefined) {
      flow = createSocket("udp4");
      const own = flow;
      flows.set(key, own);
      own.on("error", () => {});
      own.on("message", (reply) => setTimeout(() => front.send(reply, from.port, from.address, () => {}), delayMs));
      setTimeout(() => {
        flows.delete(key);
        own.close();
      }, FLOW_MS);
    }
    setTimeout(() => flow.send(octets, 53, target, () => {}), delayMs);
  });
  front.on("error", () => {});
  front.bind(53, address);
  createServer((client) => {
    const server = connect(53, target);
    for (const [a, b] of [
      [client, server],
      [server, client],
    ] as const) {
      a.on("data", (chunk) => setTimeout(() => b.write(chunk), delayMs));
      a.on("end", () => setTimeout(() => b.end(), delayMs));
      a.on("error", () => b.destroy());
    }
  }).listen(53, address);
}
