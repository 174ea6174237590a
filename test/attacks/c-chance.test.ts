/**
 * ATTACKS A-51: ids and ports must not be guessable. The real client, with the real source of chance, opens 100,000 sockets;
 * only the kernel is a stand-in, which notes each port and id.
 */
import { describe, expect, test, vi } from "vitest";

const seen = vi.hoisted((): { port: number; id: number }[] => []);

vi.mock("node:dgram", async () => {
  const { EventEmitter } = await import("node:events");
  class Paper extends EventEmitter {
    #port = 0;
    bind({ port }: { port: number }): void {
      this.#port = port;
    }
    connect(_port: number, _address: string, done: () => void): void {
      done();
    }
    send(octets: Uint8Array): void {
      seen.push({ port: this.#port, id: (octets[0]! << 8) | octets[1]! });
    }
    close(): void {
      queueMicrotask(() => this.emit("close"));
    }
    remoteAddress(): { address: string } {
      return { address: "192.0.2.1" };
    }
  }
  return { createSocket: () => new Paper() };
});

const { systemExchange } = await import("../../src/net/exchange.ts");
const { systemClock, systemRandom } = await import("../../src/env/system.ts");
const { Name } = await import("../../src/wire/name.ts");

const PAIRS = 100_000;
const PORTS = 65536 - 1024;

async function sendMany(count: number): Promise<typeof seen> {
  seen.length = 0;
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings: { randomCase: false } });
  const question = { name: Name.parse("www.example"), type: 1, class: 1 };
  const server = { address: "192.0.2.1", port: 53 };
  while (seen.length < count) {
    const over = new AbortController();
    const asked = network.exchange(
      { server, transport: "udp", question, rd: false, cd: false, edns: null, timeoutMs: 1000 },
      over.signal,
    );
    over.abort();
    await asked;
  }
  await network.close();
  return [...seen];
}

/** Pearson's statistic over `cells` cells; for 255 degrees of freedom 420 is exceeded once in 10^10 runs. */
function chiSquare(values: Iterable<number>, cells: number): number {
  const counts = new Array<number>(cells).fill(0);
  let total = 0;
  for (const value of values) {
    counts[value]! += 1;
    total += 1;
  }
  const expected = total / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
const CELLS = 256;
const TOO_UNEVEN = 420;
const cellOfPort = (port: number): number => Math.floor(((port - 1024) * CELLS) / PORTS);

describe("A-51: 100,000 questions", async () => {
  const pairs = await sendMany(PAIRS);
  const other = await sendMany(PAIRS / 10);

  test("A-51: every port is above 1023, and each part of the range is as likely as any", () => {
    expect(pairs.every(({ port }) => port >= 1024 && port <= 65535)).toBe(true);
    expect(
      chiSquare(
        pairs.map(({ port }) => cellOfPort(port)),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
    expect(
      chiSquare(
        pairs.map(({ port }) => port & 255),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
  });

  test("A-51: ids are even in their upper and in their lower octet", () => {
    expect(
      chiSquare(
        pairs.map(({ id }) => id >> 8),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
    expect(
      chiSquare(
        pairs.map(({ id }) => id & 255),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
  });

  test("A-51: port and id do not go together, nor does either with the one before", () => {
    const joint = pairs.map(({ port, id }) => (cellOfPort(port) & 0xf0) | (id >> 12));
    expect(chiSquare(joint, CELLS)).toBeLessThan(TOO_UNEVEN);
    const following = (of: (pair: { port: number; id: number }) => number): number[] =>
      pairs.slice(1).map((pair, i) => (of(pairs[i]!) << 4) | of(pair));
    expect(
      chiSquare(
        following(({ id }) => id & 15),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
    expect(
      chiSquare(
        following(({ id }) => id >> 12),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
    expect(
      chiSquare(
        following(({ port }) => cellOfPort(port) >> 4),
        CELLS,
      ),
    ).toBeLessThan(TOO_UNEVEN);
    const steps = pairs.slice(1).map(({ id }, i) => ((id - pairs[i]!.id) & 0xffff) >> 8);
    expect(chiSquare(steps, CELLS)).toBeLessThan(TOO_UNEVEN);
  });

  test("A-51: hardly any pair comes twice", () => {
    const distinct = new Set(pairs.map(({ port, id }) => port * 65536 + id)).size;
    expect(distinct, "1.2 repetitions are expected").toBeGreaterThan(PAIRS - 20);
  });

  test("A-51: a second client, as a worker has one, uses the whole range too", () => {
    const parts = new Set(other.map(({ port }) => cellOfPort(port)));
    expect(parts.size).toBe(CELLS);
    expect(other.slice(0, 20)).not.toEqual(pairs.slice(0, 20));
  });

  test("A-51: the statistic notices a counter and a short range", () => {
    expect(
      chiSquare(
        pairs.map((_, i) => (i & 15) * 16),
        CELLS,
      ),
    ).toBeGreaterThan(TOO_UNEVEN);
    expect(
      chiSquare(
        pairs.map(({ port }) => cellOfPort(32768 + (port % 28232))),
        CELLS,
      ),
    ).toBeGreaterThan(TOO_UNEVEN);
  });
});
