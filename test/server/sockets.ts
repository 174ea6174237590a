/** Listeners before a responder whose answers the test controls, and clients on real sockets. */
import { connect, type Socket } from "node:net";
import { systemClock } from "../../src/env/system.ts";
import type { ServerLimits } from "../../src/server/limits.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";
import type { Client, Respond } from "../../src/server/responder.ts";

/** Answers 12 octets and more; what a query's third octet says decides how: see `behaviour`. */
interface Bench {
  readonly listening: Listening;
  readonly port: number;
  readonly clients: Client[];
  /** Ends the wait of the queries that began with this octet. */
  release(first: number): void;
}

export const open: Listening[] = [];
const sockets: Socket[] = [];

export async function closeAll(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listening of open.splice(0)) await listening.close();
}

export const AT_ONCE = 0;
export const LATER = 1;
export const NEVER_ANSWERED = 2;

/** Query: [first, behaviour, …padding]; the answer repeats it, and is `answerOctets` long at least. */
export async function listenerBench(limits: Partial<ServerLimits> = {}, answerOctets = 0): Promise<Bench> {
  const waiting = new Map<number, (() => void)[]>();
  const clients: Client[] = [];
  const respond: Respond = (request, from) => {
    clients.push(from);
    const answer = new Uint8Array(Math.max(request.length, answerOctets));
    answer.set(request);
    switch (request[1]) {
      case AT_ONCE:
        return answer;
      case LATER:
        return new Promise((resolve) => {
          const first = request[0]!;
          waiting.set(first, [...(waiting.get(first) ?? []), () => resolve(answer)]);
        });
      default:
        return null;
    }
  };
  const listening = await listen({ respond }, [{ address: "127.0.0.1", port: 0 }], { clock: systemClock, limits });
  open.push(listening);
  return {
    listening,
    port: listening.addresses[0]!.port,
    clients,
    release(first) {
      for (const resolve of waiting.get(first) ?? []) resolve();
      waiting.delete(first);
    },
  };
}

interface Wire {
  readonly socket: Socket;
  /** Firsts of the answers so far, in order. */
  readonly answers: number[];
  /** How many octets each 'data' event brought. */
  readonly reads: number[];
  readonly closed: Promise<void>;
}

export async function dial(port: number): Promise<Wire> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", resolve);
  });
  socket.on("error", () => {});
  const answers: number[] = [];
  const reads: number[] = [];
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    reads.push(chunk.length);
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      answers.push(rest[2]!);
      rest = rest.subarray(2 + rest.readUInt16BE(0));
    }
  });
  return { socket, answers, reads, closed: new Promise((resolve) => socket.once("close", () => resolve())) };
}

export function framed(first: number, behaviour = AT_ONCE): Buffer {
  return Buffer.from([0, 14, first, behaviour, ...new Array<number>(12).fill(0)]);
}

export async function until(what: () => boolean, patienceMs = 3000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`it never came to: ${what}`);
    await systemClock.sleep(5);
  }
}
