/**
 * The name servers of the attacks, as a process of their own: what a reply costs to make must not be taken for a stall of
 * whoever asks, so each is made once and then given out again. Says "ready" and what a resolver must be told, on stdout.
 */
import process from "node:process";
import { listen } from "../../src/lab/loopback.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { attackWorld, NETWORK } from "./attack-world.ts";

const world = buildWorld(attackWorld, Math.floor(Date.now() / 1000), { network: NETWORK });
const made = new Map<string, Uint8Array | null>();

/** Without EDNS options: a cookie fits one resolver only, and none is needed. */
function answer(octets: Uint8Array, address: string, transport: "udp" | "tcp"): Uint8Array | null {
  const end = questionEnd(octets);
  const edns = (octets[11] ?? 0) > 0;
  const key = `${address} ${transport} ${edns} ${Buffer.from(octets.subarray(12, end)).toString("latin1").toLowerCase()}`;
  let reply = made.get(key);
  if (reply === undefined) {
    const plain = octets.slice(0, end + (edns ? 11 : 0));
    plain[10] = 0;
    plain[11] = edns ? 1 : 0;
    plain.set([0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0].slice(0, plain.length - end), end);
    reply = world.answer(plain, address, transport);
    made.set(key, reply);
  }
  if (reply === null) return null;
  const copy = reply.slice();
  // The id, and the name in the letters of the question (0x20).
  copy.set(octets.subarray(0, 2));
  copy.set(octets.subarray(12, end), 12);
  return copy;
}

function questionEnd(octets: Uint8Array): number {
  let at = 12;
  while (at < octets.length && octets[at] !== 0) at += octets[at]! + 1;
  return Math.min(octets.length, at + 5);
}

await listen({ ...world, answer }, { port: 53 });
const hints = world.hints.map(({ name, addresses }) => ({ name: `${name}`, addresses }));
process.stdout.write(`${JSON.stringify({ hints, anchors: world.anchors })}\n`);
