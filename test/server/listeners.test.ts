import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import type { ServerLimits } from "../../src/server/limits.ts";
import { ListenError, type Listening, listen } from "../../src/server/listeners.ts";
import type { Client, Respond } from "../../src/server/responder.ts";

/** Answers 12 octets and more; what a query's third octet says decides how: see `behaviour`. */
interface Bench {
  readonly listening: Listening;
  readonly port: number;
  readonly clients: Client[];
  /** Ends the wait of the queries that began with this octet. */
  release(first: number): void;
}

const open: Listening[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listening of open.splice(0)) await listening.close();
});

const AT_ONCE = 0;
const LATER = 1;
const NEVER_ANSWERED = 2;

/** Query: [first, behaviour, …padding]; the answer repeats it, and is `answerOctets` long at least. */
async function bench(limits: Partial<ServerLimits> = {}, answerOctets = 0): Promise<Bench> {
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

async function dial(port: number): Promise<Wire> {
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

function framed(first: number, behaviour = AT_ONCE): Buffer {
  return Buffer.from([0, 14, first, behaviour, ...new Array<number>(12).fill(0)]);
}

async function until(what: () => boolean, patienceMs = 3000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`it never came to: ${what}`);
    await systemClock.sleep(5);
  }
}

describe("UDP", () => {
  it("answers at once, later, or not at all, and knows who asked", async () => {
    const { port, clients, release } = await bench();
    const socket = createSocket("udp4");
    const got: number[] = [];
    socket.on("message", (message) => got.push(message[0]!));
    for (const [first, behaviour] of [
      [1, LATER],
      [2, NEVER_ANSWERED],
      [3, AT_ONCE],
    ]) {
      socket.send(Uint8Array.of(first!, behaviour!), port, "127.0.0.1");
    }
    await until(() => got.length === 1 && clients.length === 3);
    release(1);
    await until(() => got.length === 2);
    expect(got).toEqual([3, 1]);
    expect(clients[0]).toEqual({ address: "127.0.0.1", port: socket.address().port, transport: "udp" });
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  it("IPv6 too, where the machine has it", async (context) => {
    const respond: Respond = (request) => request;
    const listening = await listen(
      { respond },
      [
        { address: "127.0.0.1", port: 0 },
        { address: "::1", port: 0, optional: true },
      ],
      {
        clock: systemClock,
      },
    );
    open.push(listening);
    const v6 = listening.addresses.find((address) => address.address === "::1");
    if (v6 === undefined) {
      expect(listening.leftOut).toHaveLength(1);
      context.skip("no ::1 here");
      return;
    }
    const socket = createSocket("udp6");
    const answer = new Promise((resolve) => socket.once("message", resolve));
    socket.send(Uint8Array.of(7), v6.port, "::1");
    expect(await answer).toEqual(Buffer.of(7));
    socket.close();
  });
});

describe("TCP", () => {
  it("several queries of one segment are answered in one write", async () => {
    const { port } = await bench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1), framed(2), framed(3)]));
    await until(() => wire.answers.length === 3);
    expect(wire.answers).toEqual([1, 2, 3]);
    expect(wire.reads).toEqual([48]);
  });

  it("a slow question does not hold back a quick one behind it (RFC 7766 §7)", async () => {
    const { port, release } = await bench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1, LATER), framed(2, LATER), framed(3)]));
    await until(() => wire.answers.length === 1);
    release(2);
    await until(() => wire.answers.length === 2);
    release(1);
    await until(() => wire.answers.length === 3);
    expect(wire.answers).toEqual([3, 2, 1]);
  });

  it("a query may come octet by octet, and empty frames mean nothing", async () => {
    const { port } = await bench();
    const wire = await dial(port);
    for (const octet of [0, 0, ...framed(5), 0, 0, ...framed(6)]) {
      wire.socket.write(Uint8Array.of(octet));
      await systemClock.sleep(1);
    }
    await until(() => wire.answers.length === 2);
    expect(wire.answers).toEqual([5, 6]);
  });

  it("who asks and closes his side still gets the answers", async () => {
    const { port, release } = await bench();
    const wire = await dial(port);
    wire.socket.end(Buffer.concat([framed(1, LATER), framed(2)]));
    await until(() => wire.answers.length === 1);
    release(1);
    await wire.closed;
    expect(wire.answers).toEqual([2, 1]);
  });

  it("a dropped question gets no answer and the connection lives on", async () => {
    const { port } = await bench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1, NEVER_ANSWERED), framed(2)]));
    await until(() => wire.answers.length === 1);
    expect(wire.answers).toEqual([2]);
  });

  it("a client that goes away aborts what was done for it", async () => {
    const { port, clients, release } = await bench();
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    expect(clients[0]!.signal?.aborted).toBe(false);
    wire.socket.resetAndDestroy();
    await until(() => clients[0]!.signal?.aborted === true);
    release(1); // too late, and nobody minds
    await systemClock.sleep(20);
  });
});

describe("TCP limits (ATTACKS A-95)", () => {
  it("an idle connection is closed, one that waits for its answer is not", async () => {
    const { port, release } = await bench({ idleMs: 100 });
    const [idle, waiting] = [await dial(port), await dial(port)];
    waiting.socket.write(framed(1, LATER));
    await idle.closed;
    await systemClock.sleep(200);
    expect(waiting.answers).toEqual([]);
    release(1);
    await until(() => waiting.answers.length === 1);
    await waiting.closed;
  });

  it("a length of 65535 and an octet now and then ends with the time for one message", async () => {
    const { port } = await bench({ idleMs: 10000, messageMs: 200 });
    const wire = await dial(port);
    const start = performance.now();
    wire.socket.write(Uint8Array.of(0xff, 0xff));
    const dribble = setInterval(() => wire.socket.write(Uint8Array.of(0)), 20);
    await wire.closed;
    clearInterval(dribble);
    expect(performance.now() - start).toBeGreaterThan(150);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("reads no further while too many questions of the connection wait", async () => {
    const { port, clients, release } = await bench({ pipelined: 10 });
    const wire = await dial(port);
    wire.socket.write(Buffer.concat(Array.from({ length: 35 }, () => framed(1, LATER))));
    await until(() => clients.length === 10);
    await systemClock.sleep(50);
    expect(clients.length).toBe(10);
    for (const handled of [20, 30, 35]) {
      release(1);
      await until(() => clients.length === handled);
    }
    release(1);
    await until(() => wire.answers.length === 35);
  });

  it("a client that asks and does not read stops being read, and is cut off when nothing moves", async () => {
    const { port, clients } = await bench({ idleMs: 300, unwrittenOctets: 65536 }, 60000);
    const wire = await dial(port);
    wire.socket.pause();
    const many = Buffer.concat(Array.from({ length: 10000 }, () => framed(1)));
    wire.socket.write(many);
    await until(() => clients.length > 10);
    await until(() => clients[0]!.signal?.aborted === true, 5000);
    expect(clients.length).toBeLessThan(1000); // 60 kB each: kernel buffers hold some, the rest was never computed
  });

  it("a client that reads slowly gets all of it", async () => {
    const { port } = await bench({ unwrittenOctets: 65536 }, 60000);
    const wire = await dial(port);
    wire.socket.pause();
    wire.socket.write(Buffer.concat(Array.from({ length: 400 }, () => framed(1))));
    await systemClock.sleep(100);
    wire.socket.resume();
    await until(() => wire.answers.length === 400, 10000);
  });

  it("when connections run out, the longest idle one makes room", async () => {
    const { port, clients, release } = await bench({ connections: 3 });
    const busy = await dial(port);
    busy.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const older = await dial(port);
    await systemClock.sleep(20);
    const newer = await dial(port);
    newer.socket.write(framed(2));
    await until(() => newer.answers.length === 1);
    const late = await dial(port);
    late.socket.write(framed(3));
    await until(() => late.answers.length === 1);
    await older.closed;
    expect(newer.socket.closed).toBe(false);
    release(1);
    await until(() => busy.answers.length === 1);
  });

  it("when every connection is busy, a new one is turned away", async () => {
    const { port, clients, release } = await bench({ connections: 1 });
    const busy = await dial(port);
    busy.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const late = await dial(port);
    await late.closed;
    release(1);
    await until(() => busy.answers.length === 1);
  });

  it("a thousand idle connections do not lock out the one that asks", async () => {
    const { port } = await bench({ connections: 20 });
    for (let i = 0; i < 200; i++) await dial(port);
    const wire = await dial(port);
    wire.socket.write(framed(9));
    await until(() => wire.answers.length === 1);
  });
});

describe("opening and closing", () => {
  it("an address that is taken is one sentence that names it, and nothing stays open", async () => {
    const { port } = await bench();
    const attempt = listen(
      { respond: () => null },
      [
        { address: "127.0.0.2", port: 0 },
        { address: "127.0.0.1", port },
      ],
      { clock: systemClock },
    );
    const error = await attempt.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).code).toBe("EADDRINUSE");
    expect((error as ListenError).message).toContain(`127.0.0.1:${port}`);
    expect((error as ListenError).message).toContain("another program");
  });

  it("UDP alone taken is found as well, and TCP is let go", async () => {
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const { port } = udp.address();
    await expect(
      listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock }),
    ).rejects.toThrow(/UDP.*another program/);
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    const listening = await listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock });
    await listening.close();
  });

  it("an address of another machine: an error, or left out if it was optional", async () => {
    const foreign = { address: "192.0.2.1", port: 0 };
    await expect(listen({ respond: () => null }, [foreign], { clock: systemClock })).rejects.toThrow(
      /no network interface/,
    );
    const listening = await listen(
      { respond: () => null },
      [
        { address: "127.0.0.1", port: 0 },
        { ...foreign, optional: true },
      ],
      {
        clock: systemClock,
      },
    );
    open.push(listening);
    expect(listening.addresses).toHaveLength(1);
    expect(listening.leftOut.map((error) => error.code)).toEqual(["EADDRNOTAVAIL"]);
  });

  it("refuses limits that are none", async () => {
    await expect(bench({ pipelined: 0 })).rejects.toThrow(/pipelined is 0/);
    await expect(bench({ idleMs: 1.5 })).rejects.toThrow(RangeError);
  });

  it("closing answers what was asked, takes nothing new, and frees the port", async () => {
    const { listening, port, clients, release } = await bench();
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const closing = listening.close();
    wire.socket.write(framed(2));
    await systemClock.sleep(30);
    release(1);
    await closing;
    await wire.closed;
    expect(wire.answers).toEqual([1]);
    expect(listening.close()).toBe(listening.close());
    const again = await listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock });
    await again.close();
  });

  it("closing waits for a stuck question a moment only", async () => {
    const { listening, port, clients } = await bench({ stopMs: 100 });
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const start = performance.now();
    await listening.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await wire.closed;
  });
});
