import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ask } from "../../src/env/env.ts";
import { type Listening, listen } from "../../src/lab/loopback.ts";
import { type SoundWorld, world } from "../../src/lab/wounds.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { addressOf, query, rrsets } from "./ask.ts";

/** Only Linux answers on all of 127/8 without being told. */
describe.skipIf(process.platform !== "linux")("a world on loopback sockets", () => {
  let lab: SoundWorld;
  let listening: Listening;

  beforeAll(async () => {
    lab = world();
    listening = await listen(lab, { port: 0 });
  });
  afterAll(() => listening.close());

  function overUdp(server: string, octets: Uint8Array): Promise<Message> {
    const socket = createSocket("udp4");
    return new Promise<Message>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("message", (reply) => resolve(decodeMessage(Uint8Array.from(reply))));
      socket.send(octets, listening.port, addressOf(lab, server));
    }).finally(() => socket.close());
  }

  /** All octets at once or in pieces; as many replies as wanted. */
  function overTcp(server: string, pieces: readonly Uint8Array[], wanted: number): Promise<Message[]> {
    const stream = connect(listening.port, addressOf(lab, server));
    return new Promise<Message[]>((resolve, reject) => {
      let pending = Buffer.alloc(0);
      const replies: Message[] = [];
      stream.once("error", reject);
      stream.on("data", (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
          const end = 2 + pending.readUInt16BE(0);
          replies.push(decodeMessage(Uint8Array.from(pending.subarray(2, end))));
          pending = pending.subarray(end);
        }
        if (replies.length === wanted) resolve(replies);
      });
      void (async () => {
        for (const piece of pieces) await new Promise<void>((sent) => void stream.write(piece, () => sent()));
      })();
    }).finally(() => stream.destroy());
  }

  const framed = (octets: Uint8Array): Buffer =>
    Buffer.concat([Buffer.of(octets.length >>> 8, octets.length & 255), octets]);

  it("answers over UDP what it answers in memory, each server on its own address", async () => {
    expect(rrsets((await overUdp("ns", query("www.good.lab", "A"))).authority)).toEqual(["lab. NS", "lab. DS"]);
    expect(rrsets((await overUdp("ns.good.lab", query("www.good.lab", "A"))).answer)).toEqual(["www.good.lab. A"]);
  });

  it("truncates over UDP, and gives all over TCP", async () => {
    expect(await overUdp("ns.good.lab", query("big.good.lab", "TXT"))).toMatchObject({ tc: true, answer: [] });
    const [whole] = await overTcp("ns.good.lab", [framed(query("big.good.lab", "TXT"))], 1);
    expect(rrsets(whole!.answer)).toEqual(["big.good.lab. TXT"]);
  });

  it("answers two questions in one segment, and one in pieces", async () => {
    const [a, b] = [query("www.good.lab", "A", { id: 1 }), query("mx.good.lab", "A", { id: 2 })].map(framed);
    const both = await overTcp("ns.good.lab", [Buffer.concat([a!, b!])], 2);
    expect(both.map(({ id }) => id)).toEqual([1, 2]);
    const pieces = await overTcp("ns.good.lab", [a!.subarray(0, 1), a!.subarray(1, 9), a!.subarray(9)], 1);
    expect(pieces[0]!.id).toBe(1);
  });

  it("counts what came over sockets, too", async () => {
    const before = lab.count("ns.lab");
    await overUdp("ns.lab", query("good.lab", "DS"));
    expect(lab.count("ns.lab")).toBe(before + 1);
  });

  it("redirects an exchange to its port, for its own servers only", async () => {
    const seen: string[] = [];
    const exchange = listening.through(async ({ server }) => {
      seen.push(`${server.address} ${server.port}`);
      return { kind: "timeout", discarded: 0 };
    });
    const asked = {
      question: { name: Name.root, type: 2, class: 1 },
      transport: "udp",
      rd: false,
      cd: false,
      edns: null,
      timeoutMs: 1,
    } as const;
    const ours: Ask = { ...asked, server: { address: addressOf(lab, "ns"), port: 53 } };
    await exchange(ours, new AbortController().signal);
    await exchange({ ...ours, server: { address: "192.0.2.1", port: 53 } }, new AbortController().signal);
    expect(seen).toEqual([`${addressOf(lab, "ns")} ${listening.port}`, "192.0.2.1 53"]);
  });

  it("says so when a port is taken, and lets go of all the others", async () => {
    await expect(listen(lab, { port: listening.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const again = await listen(lab, { port: 0 });
    await again.close();
    const onSame = await listen(lab, { port: again.port });
    await onSame.close();
    await onSame.close();
  });
});
