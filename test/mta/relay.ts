/** Stands between a mail server and the resolver, writes down what passes, and can be the resolver that does not validate. */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import packet from "dns-packet";

export interface Passed {
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly authenticated: boolean;
  readonly truncated: boolean;
  readonly answers: number;
}

export interface Relay {
  readonly address: string;
  readonly passed: readonly Passed[];
  /** AD is taken out of every answer from here on. */
  hideAuthenticity(): void;
  close(): Promise<void>;
}

const PORT = 53;
const WAIT_MS = 15_000;

export async function startRelay(address: string, resolver: string): Promise<Relay> {
  const passed: Passed[] = [];
  let hidden = false;
  const note = (octets: Buffer, transport: Passed["transport"]): Buffer => {
    const answer = Buffer.from(octets);
    if (hidden) answer[3]! &= ~0x20;
    const message = packet.decode(answer);
    const question = message.questions?.[0];
    passed.push({
      name: question?.name ?? "",
      type: question?.type ?? "",
      transport,
      authenticated: (answer[3]! & 0x20) !== 0,
      truncated: (answer[2]! & 0x02) !== 0,
      answers: message.answers?.length ?? 0,
    });
    return answer;
  };

  const datagrams = createSocket("udp4");
  datagrams.on("message", (query, client) => {
    const upstream = createSocket("udp4");
    const end = setTimeout(() => upstream.close(), WAIT_MS);
    upstream.on("error", () => {});
    upstream.on("message", (answer) => {
      clearTimeout(end);
      upstream.close();
      datagrams.send(note(answer, "udp"), client.port, client.address);
    });
    upstream.send(query, PORT, resolver);
  });
  const streams = createServer((client) => {
    const upstream = connect(PORT, resolver);
    let unread: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
        const end = 2 + unread.readUInt16BE(0);
        client.write(Buffer.concat([unread.subarray(0, 2), note(unread.subarray(2, end), "tcp")]));
        unread = unread.subarray(end);
      }
    });
    upstream.on("close", () => client.end()).on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => datagrams.bind(PORT, address, resolve));
  await new Promise<void>((resolve) => streams.listen(PORT, address, resolve));
  return {
    address,
    passed,
    hideAuthenticity: () => {
      hidden = true;
    },
    close: async () => {
      await new Promise<void>((resolve) => datagrams.close(() => resolve()));
      streams.close();
    },
  };
}
