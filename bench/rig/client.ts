/** A client that looks at what it gets: one question, or many with so many under way, each with its latency. */
import { createSocket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, typeFromText } from "../../src/wire/registry.ts";

export interface Asked {
  readonly name: string;
  readonly type: string;
  /** IN unless it says otherwise. */
  readonly class?: number;
}

export interface Server {
  readonly address: string;
  readonly port: number;
}

export interface Outcome {
  readonly ms: number;
  /** "silence", or what the header says, "NOERROR AD". */
  readonly said: string;
}

const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

function encoded({ name, type, class: asked = CLASS.IN }: Asked, id: number): Buffer {
  const question = { name: Name.parse(name), type: typeFromText(type)!, class: asked };
  const edns = { udpSize: 1232, options: [] };
  return Buffer.from(encodeQuery({ id, question, rd: true, cd: false, edns }));
}

/**
 * The header of the first reply that is welcome, to a question sent again and again from one socket; null: none came in time.
 */
export async function firstReply(
  server: Server,
  asked: Asked,
  how: { readonly everyMs: number; readonly withinMs: number; readonly welcome: (reply: Buffer) => boolean },
): Promise<Buffer | null> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.connect(server.port, server.address, resolve));
  const query = encoded(asked, 1);
  return new Promise((resolve) => {
    const settle = (reply: Buffer | null): void => {
      clearTimeout(limit);
      clearInterval(again);
      socket.close();
      resolve(reply);
    };
    const limit = setTimeout(settle, how.withinMs, null);
    const again = setInterval(() => socket.send(query, () => {}), how.everyMs);
    socket.on("error", () => {}); // nobody listens yet
    socket.on("message", (reply) => how.welcome(reply) && settle(reply));
    socket.send(query, () => {});
  });
}

export const isNoError = (reply: Buffer): boolean => (reply[3]! & 15) === 0;
export const isValidated = (reply: Buffer): boolean => isNoError(reply) && (reply[3]! & 0x20) !== 0;

/** All questions, `atOnce` under way, from one socket; each is given 10 s and sent once. */
export async function askAll(server: Server, questions: readonly Asked[], atOnce: number): Promise<Outcome[]> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => socket.connect(server.port, server.address, resolve));
  const waiting = new Map<number, (said: string) => void>();
  socket.on("error", () => {});
  socket.on("message", (reply) => {
    const said = `${rcodes[reply[3]! & 15] ?? "?"}${(reply[3]! & 0x20) === 0 ? "" : " AD"}`;
    waiting.get(reply.readUInt16BE(0))?.(said);
  });
  const outcomes: Outcome[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < questions.length; i = next++) {
      const id = i & 0xffff;
      const query = encoded(questions[i]!, id);
      const startMs = performance.now();
      const said = await new Promise<string>((resolve) => {
        const timer = setTimeout(resolve, 10_000, "silence");
        waiting.set(id, (what) => {
          clearTimeout(timer);
          resolve(what);
        });
        socket.send(query);
      });
      waiting.delete(id);
      outcomes.push({ ms: performance.now() - startMs, said });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, questions.length) }, worker));
  socket.close();
  return outcomes;
}
