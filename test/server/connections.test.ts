/** One client's bound is that of everything he can come from: of IPv6, a /64. */
import { describe, expect, test } from "vitest";
import { createAccess } from "../../src/server/access.ts";
import { clientNetwork } from "../../src/server/client-network.ts";
import { type Connection, Connections } from "../../src/server/connections.ts";

describe("whom we count as one client", () => {
  test.each([
    ["an IPv4 address", "192.0.2.1", "192.0.2.1"],
    ["an IPv4 address that a socket for both families shows", "192.0.2.1", "::ffff:192.0.2.1"],
    ["the same in hexadecimal", "192.0.2.1", "::ffff:c000:201"],
    ["two addresses of an IPv6 /64", "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"],
    ["the same with a scope", "fe80::1%eth0", "fe80::2"],
  ])("%s", (_, one, other) => {
    expect(clientNetwork(one)).toBe(clientNetwork(other));
  });

  test.each([
    ["two IPv4 addresses", "192.0.2.1", "192.0.2.2"],
    ["the same behind ::ffff", "::ffff:192.0.2.1", "::ffff:192.0.2.2"],
    ["two IPv6 /64", "2001:db8::1", "2001:db8:0:1::1"],
    ["::/64 and what is mapped", "::1", "::ffff:0.0.0.1"],
    ["what is no address", "", "x"],
  ])("not %s", (_, one, other) => {
    expect(clientNetwork(one)).not.toBe(clientNetwork(other));
  });
});

/** Idle since `sinceMs`. */
function connectionFrom(address: string, sinceMs: number, pending = 0) {
  const state = { destroyed: false };
  const connection: Connection = {
    address,
    pending,
    lastProgressMs: sinceMs,
    sweep: () => {},
    finish: () => {},
    destroy: () => {
      state.destroyed = true;
    },
  };
  return { connection, state };
}

describe("connections", () => {
  const fill = (pool: Connections, addresses: readonly string[], pending = 0) =>
    addresses.map((address, i) => {
      expect(pool.makeRoom(address)).toBe(true);
      const made = connectionFrom(address, i, pending);
      pool.add(made.connection);
      return made;
    });
  const destroyed = (made: ReturnType<typeof fill>) => made.map(({ state }) => state.destroyed);

  test("from many addresses of one IPv6 /64 take the places of their own kind", () => {
    const pool = new Connections({ inAll: 10, perClient: 3 });
    const mail = fill(pool, ["2001:db8:1::25", "192.0.2.25"]);
    const flood = fill(
      pool,
      Array.from({ length: 50 }, (_, i) => `2001:db8::${(i + 1).toString(16)}:1`),
    );
    expect(pool.size).toBe(5);
    expect(destroyed(mail)).toEqual([false, false]);
    expect(destroyed(flood)).toEqual([...Array(47).fill(true), false, false, false]);
  });

  test("that all wait for an answer leave no room for another address of the same /64", () => {
    const pool = new Connections({ inAll: 10, perClient: 2 });
    const busy = fill(pool, ["2001:db8::1", "2001:db8::2"], 1);
    expect(pool.makeRoom("2001:db8::3")).toBe(false);
    expect(pool.makeRoom("2001:db8:0:1::3")).toBe(true);
    pool.delete(busy[0]!.connection);
    pool.delete(busy[0]!.connection); // twice does no harm
    expect(pool.makeRoom("2001:db8::3")).toBe(true);
    expect(pool.size).toBe(1);
  });

  test("of IPv4 clients are each his own, however the socket shows them", () => {
    const pool = new Connections({ inAll: 10, perClient: 1 });
    const made = fill(pool, ["::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1"]);
    expect(destroyed(made)).toEqual([true, false, false]);
  });
});

describe("less room than before", () => {
  test("is made by those that are idle, the longest first; those that wait for an answer stay", () => {
    const pool = new Connections({ inAll: 10, perClient: 10 });
    const told: boolean[] = [];
    const made = [3, 1, 2, 0].map((sinceMs, i) => connectionFrom(`192.0.2.${i}`, sinceMs, sinceMs === 0 ? 1 : 0));
    for (const { connection } of made) pool.add(connection);
    pool.useRoom({ inAll: 2, perClient: 10 });
    told.push(...made.map(({ state }) => state.destroyed));
    expect(told).toEqual([false, true, true, false]);
    pool.useRoom({ inAll: 1, perClient: 10 });
    expect(pool.size).toBe(1);
    pool.useRoom({ inAll: 0, perClient: 10 });
    expect(pool.size, "it is being answered").toBe(1);
    expect(pool.makeRoom("192.0.2.9")).toBe(false);
  });

  test("for one client is made when he comes again", () => {
    const pool = new Connections({ inAll: 10, perClient: 10 });
    for (let i = 0; i < 5; i++) pool.add(connectionFrom("192.0.2.1", i).connection);
    pool.useRoom({ inAll: 10, perClient: 2 });
    expect(pool.size).toBe(5);
    expect(pool.makeRoom("192.0.2.1")).toBe(true);
    expect(pool.size).toBe(1);
    expect(pool.makeRoom("192.0.2.2")).toBe(true);
  });
});

test("questions that wait are counted for the /64, too", () => {
  const access = createAccess({ waitingPerClient: 2 });
  expect(access.enter("2001:db8::1")).toBe(true);
  expect(access.enter("2001:db8::2")).toBe(true);
  expect(access.enter("2001:db8::3")).toBe(false);
  expect(access.enter("2001:db8:0:1::1")).toBe(true);
  access.leave("2001:db8::2");
  expect(access.enter("2001:db8::3")).toBe(true);
});
