/**
 * ATTACKS on real sockets: a server of the lab whose datagrams come with company. The victim is
 * an unsigned zone, so nothing but ids, ports and the question's repetition tells right from wrong.
 */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { addZone } from "../../src/lab/injure.ts";
import { type Listening, listen } from "../../src/lab/loopback.ts";
import { buildWorld, type World } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { systemExchange } from "../../src/net/exchange.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message.ts";
import { addressOf } from "./fixture.ts";
import { a } from "./path.ts";

const EVIL = "6.6.6.6";
const VICTIM = "ns.plain.lab.";

interface Bench {
  readonly asked: { udp: number; tcp: number };
  shut(): Promise<void>;
  open(): Promise<void>;
  ask(name: string): Promise<{ status: string; data: string[]; tookMs: number }>;
}

/** What the victim's server does with a datagram: `reply` is its honest answer. */
type Company = (parts: {
  readonly query: Buffer;
  readonly reply: Uint8Array;
  readonly send: (octets: Uint8Array, from?: Socket) => void;
}) => void;

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function bench(company: Company): Promise<Bench> {
  const world = buildWorld(
    addZone({ apex: "valid.", records: "h A 192.0.2.1" })(soundWorld),
    systemClock.unixSeconds(),
    { network: "127.57" },
  );
  const asked = { udp: 0, tcp: 0 };
  const victim = addressOf(world, VICTIM);
  const crowded: World = {
    ...world,
    answer(octets, address, transport) {
      if (address === victim) asked[transport] += 1;
      // The test's own socket stands beside the lab's: datagrams come from there.
      if (address === victim && transport === "udp") return null;
      return world.answer(octets, address, transport);
    },
  };
  const listening: Listening = await listen(crowded, { port: 0 });
  closers.push(() => listening.close());
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings: { randomCase: false } });
  closers.push(() => network.close());
  const door = await openDoor(world, victim, company, asked);
  const through = listening.through(network.exchange);
  const resolver = createResolver({
    env: {
      clock: systemClock,
      random: systemRandom,
      emit: () => {},
      exchange: (ask, signal) =>
        ask.server.address === victim && ask.transport === "udp"
          ? network.exchange({ ...ask, server: { address: victim, port: door.port } }, signal)
          : through(ask, signal),
    },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { queryPrivate: true, sendTimeoutMs: 700, totalTimeoutMs: 4000 },
  });
  closers.push(() => resolver.close());
  await resolver.resolve("h.valid", "A");
  return {
    asked,
    shut: () => door.shut(),
    open: () => door.open(),
    async ask(name) {
      const startMs = performance.now();
      const [answer, bystander] = await Promise.all([resolver.resolve(name, "A"), resolver.resolve("h.valid", "TXT")]);
      expect(bystander.verdict.status).toBe("secure");
      const { verdict } = answer;
      const data =
        "value" in verdict ? verdict.value.rrsets.flatMap((rrset) => rrset.data.map((rdata) => rdata.join("."))) : [];
      return { status: verdict.status, data, tookMs: performance.now() - startMs };
    },
  };
}

interface Door {
  readonly port: number;
  shut(): Promise<void>;
  open(): Promise<void>;
}

async function openDoor(world: World, address: string, company: Company, asked: { udp: number }): Promise<Door> {
  let socket = createSocket("udp4");
  let port = 0;
  const shut = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  const open = async (): Promise<void> => {
    socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(port, address, () => resolve()));
    port = socket.address().port;
    socket.on("message", (query, from) => {
      asked.udp += 1;
      const reply = world.answer(query, address, "udp")!;
      company({ query, reply, send: (octets, by = socket) => by.send(octets, from.port, from.address, () => {}) });
    });
  };
  await open();
  closers.push(shut);
  return {
    get port() {
      return port;
    },
    shut,
    open,
  };
}

/** Unless the test is over by then. */
function later(ms: number, act: () => void): void {
  const timer = setTimeout(act, ms);
  closers.push(() => clearTimeout(timer));
}

async function stranger(address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  await new Promise<void>((resolve) => socket.bind(0, address, () => resolve()));
  return socket;
}

function withoutOpt(octets: Uint8Array): Uint8Array {
  return encodeMessage({ ...decodeMessage(octets), edns: null });
}

/** The honest reply with another address in it, and whatever else is to be wrong. */
function forged(reply: Uint8Array, change: (octets: Uint8Array) => Uint8Array = (same) => same): Uint8Array {
  const message = decodeMessage(reply);
  return change(
    encodeMessage({ ...message, answer: [a(`${message.question[0]!.name}`, EVIL)], authority: [], additional: [] }),
  );
}

const patched = (at: number, value: (octet: number) => number) => (octets: Uint8Array) => {
  const copy = octets.slice();
  copy[at] = value(copy[at]!);
  return copy;
};

describe("A-50: guessing", () => {
  test("A-50: a thousand answers from elsewhere and to other questions, with the right id: the genuine one wins", async () => {
    const other = await stranger("127.0.0.1");
    const sibling = await stranger("127.57.0.4");
    const scene = await bench(({ reply, send }) => {
      for (let i = 0; i < 500; i++) send(forged(reply), i % 2 === 0 ? other : sibling);
      for (let i = 0; i < 20; i++)
        send(
          forged(
            reply,
            patched(13, (octet) => octet ^ 1),
          ),
        );
      later(30, () => send(reply));
    });
    const victim = await scene.ask("host.plain.lab");
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
    expect(scene.asked).toEqual({ udp: 1, tcp: 0 });
  });

  test("A-50: the first wrong id from the right address and port sends the question over TCP; the forgery behind it comes too late", async () => {
    const scene = await bench(({ query, reply, send }) => {
      for (let i = 1; i < 200; i++)
        send(
          forged(
            reply,
            patched(1, (octet) => octet ^ i),
          ),
        );
      send(forged(reply)); // the guess that would have hit
      expect(query.length).toBeGreaterThan(12);
    });
    const victim = await scene.ask("host.plain.lab");
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
    expect(scene.asked).toEqual({ udp: 1, tcp: 1 });
    expect(victim.tookMs).toBeLessThan(700);
  });
});

describe("A-79: what is no answer", () => {
  const junk: Readonly<Record<string, (octets: Uint8Array) => Uint8Array>> = {
    "eleven octets": (octets) => octets.subarray(0, 11),
    nothing: () => new Uint8Array(0),
    "QR=0": patched(2, (octet) => octet & 0x7f),
    "another opcode": patched(2, (octet) => octet | 0x28),
    "QDCOUNT 0": patched(5, () => 0),
    "QDCOUNT 2": patched(5, () => 2),
    "an answer cut off": (octets) => octets.subarray(0, octets.length - 14),
    "a record more than there is": patched(7, (octet) => octet + 1),
    "two OPT records": (octets) =>
      Uint8Array.of(...patched(11, (octet) => octet + 1)(octets), 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0),
    "an option longer than its OPT": (octets) =>
      Uint8Array.of(...patched(11, () => 1)(withoutOpt(octets)), 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 4, 0, 10, 0, 9),
    "a pointer into nowhere": (octets) => Uint8Array.of(...octets.subarray(0, 12), 0xc0, 0xff, ...octets.subarray(14)),
  };
  for (const [what, spoil] of Object.entries(junk)) {
    test(`A-79: ${what}: passed over, and the genuine answer that follows is taken`, async () => {
      const scene = await bench(({ reply, send }) => {
        for (let i = 0; i < 10; i++) send(forged(reply, spoil));
        later(20, () => send(reply));
      });
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
      expect(scene.asked).toEqual({ udp: 1, tcp: 0 });
      expect(victim.tookMs).toBeLessThan(700);
    });
  }

  test("A-79: nothing but junk: not given up at once, tried by TCP, and nothing of it is kept", async () => {
    const scene = await bench(({ reply, send }) =>
      send(
        forged(
          reply,
          patched(2, (octet) => octet & 0x7f),
        ),
      ),
    );
    const victim = await scene.ask("host.plain.lab");
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
    expect(scene.asked.udp).toBeLessThanOrEqual(3);
    expect(scene.asked.tcp).toBe(1);
  });
});

describe("A-53: side channels", () => {
  test("A-53: a port that is closed for a moment, with an ICMP error for each try, costs a moment and not the question", async () => {
    const scene = await bench(({ reply, send }) => send(reply));
    await scene.shut();
    const asking = scene.ask("host.plain.lab");
    await systemClock.sleep(70);
    await scene.open();
    const victim = await asking;
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
    expect(victim.tookMs).toBeLessThan(2000);
  });

  test("A-53: a question's socket is gone with its answer: what comes later meets a closed port", async () => {
    const late: Promise<string>[] = [];
    const scene = await bench(({ reply, send }) => {
      send(reply);
      late.push(
        new Promise((resolve) =>
          setTimeout(() => {
            send(forged(reply));
            resolve("sent");
          }, 50),
        ),
      );
    });
    await scene.ask("host.plain.lab");
    await Promise.all(late);
    await systemClock.sleep(20);
    expect((await scene.ask("host.plain.lab")).data).toEqual(["192.0.2.90"]);
    expect(scene.asked.udp).toBe(1);
  });
});
