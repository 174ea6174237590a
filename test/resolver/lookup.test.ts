/** `lookup` for every program that takes one: each option Node passes, and sockets that use it. */
import dns, { ADDRCONFIG, ALL, V4MAPPED } from "node:dns";
import { createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, connect, createServer, type LookupFunction, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Family, LookupAddress } from "../../src/resolver/lookup.ts";
import { reachableHere } from "../../src/resolver/lookup.ts";
import { nodeDns } from "../../src/resolver/node-dns.ts";
import { failureOf } from "./failure-of.ts";
import { description, smallInternet } from "./small-internet.ts";

const { resolver } = smallInternet();
const onlyV4 = nodeDns(resolver, { reachable: () => new Set<Family>([4]) });
const both = nodeDns(resolver, { reachable: () => new Set<Family>([4, 6]) });
const { lookup } = both;

const four = ["5.1.2.1", "5.1.2.2"].map((address) => ({ address, family: 4 }));
const six = [{ address: "2a00::1", family: 6 }];

describe("which addresses, in which order", () => {
  it("both families, first the one that reaches farther", async () => {
    expect(await lookup("many.good.lab", { all: true })).toEqual([...six, ...four]);
    expect(await onlyV4.lookup("many.good.lab", { all: true })).toEqual([...four, ...six]);
  });

  it.each([
    [{ order: "ipv4first" }, [...four, ...six]],
    [{ order: "ipv6first" }, [...six, ...four]],
    [{ order: "verbatim" }, [...six, ...four]],
    [{ verbatim: false }, [...four, ...six]],
    [{ verbatim: true }, [...six, ...four]],
    [{ verbatim: true, order: "ipv4first" }, [...four, ...six]],
    [{ family: 4 }, four],
    [{ family: 6 }, six],
    [{ family: "IPv4" }, four],
    [{ family: "IPv6" }, six],
    [{ family: 0 }, [...six, ...four]],
    [{ family: undefined, hints: undefined, order: undefined }, [...six, ...four]],
    [{ family: 6, hints: V4MAPPED }, six],
    [{ family: 6, hints: V4MAPPED | ALL }, [...six, ...four.map(({ address }) => mapped(address))]],
  ] as const)("%o", async (options, expected) => {
    expect(await lookup("many.good.lab", { ...options, all: true })).toEqual(expected);
  });

  it("ADDRCONFIG leaves out a family that this machine has no address in", async () => {
    expect(await onlyV4.lookup("many.good.lab", { all: true, hints: ADDRCONFIG })).toEqual(four);
    expect(await both.lookup("many.good.lab", { all: true, hints: ADDRCONFIG })).toHaveLength(3);
    expect(await failureOf(onlyV4.lookup("six.good.lab", { hints: ADDRCONFIG }))).toMatchObject({ code: "ENOTFOUND" });
  });

  it("ADDRCONFIG on a machine with loopback addresses alone leaves out nothing, unless one family was asked for", async () => {
    const alone = nodeDns(resolver, { reachable: () => new Set<Family>() });
    expect(await alone.lookup("many.good.lab", { all: true, hints: ADDRCONFIG })).toHaveLength(3);
    expect(await failureOf(alone.lookup("many.good.lab", { family: 4, hints: ADDRCONFIG }))).toMatchObject({
      code: "ENOTFOUND",
    });
  });

  it("V4MAPPED maps where there is no IPv6 address", async () => {
    expect(await lookup("four.good.lab", { family: 6, hints: V4MAPPED, all: true })).toEqual([mapped("5.1.2.4")]);
    expect(await failureOf(lookup("four.good.lab", { family: 6 }))).toMatchObject({ code: "ENOTFOUND" });
    expect(await lookup("four.good.lab", { family: 4, hints: V4MAPPED })).toEqual({ address: "5.1.2.4", family: 4 });
  });

  it("one address where all are not asked for", async () => {
    expect(await lookup("many.good.lab")).toEqual(six[0]);
    expect(await lookup("many.good.lab", 4)).toEqual(four[0]);
  });

  it("through aliases", async () => {
    expect(await lookup("www.good.lab", { all: true })).toEqual([{ address: "5.1.2.4", family: 4 }]);
  });
});

describe("names that are not asked for", () => {
  it.each([
    ["5.1.2.9", 4],
    ["::1", 6],
    ["2A00::0009", 6],
    ["fe80::1%eth0", 6],
  ] as const)("%s is itself, whatever the family", async (address, family) => {
    const asked = await numberAsked(async ({ lookup }) => {
      expect(await lookup(address)).toEqual({ address, family });
      expect(await lookup(address, { family: 4, all: true })).toEqual([{ address, family }]);
    });
    expect(asked).toBe(0);
    expect(await dns.promises.lookup(address.replace("%eth0", ""))).toEqual({
      address: address.replace("%eth0", ""),
      family,
    });
  });

  it.each(["localhost", "LOCALHOST.", "mail.localhost"])(
    "%s is this machine, even where questions are forwarded",
    async (name) => {
      const forwarding = smallInternet({
        forwards: [
          { zone: (await resolver.resolve(".", "NS")).question.name, servers: [{ address: "5.5.5.5", port: 53 }] },
        ],
      });
      const { lookup } = nodeDns(forwarding.resolver, { reachable: () => new Set<Family>() });
      expect(await lookup(name, { all: true, hints: ADDRCONFIG })).toEqual([
        { address: "127.0.0.1", family: 4 },
        { address: "::1", family: 6 },
      ]);
      expect(forwarding.world.count()).toBe(0);
    },
  );

  it("the empty name is null, as in dns.lookup", async () => {
    expect(await lookup("")).toEqual(await dns.promises.lookup(""));
    expect(await lookup("", { all: true })).toEqual(await dns.promises.lookup("", { all: true }));
    expect(await lookup("", { family: 6 })).toEqual(await dns.promises.lookup("", { family: 6 }));
  });
});

describe("failures", () => {
  it("no such name, or a name without addresses: ENOTFOUND by getaddrinfo", async () => {
    expect(await failureOf(lookup("nobody.good.lab"))).toMatchObject({
      code: "ENOTFOUND",
      syscall: "getaddrinfo",
      hostname: "nobody.good.lab",
      message: "getaddrinfo ENOTFOUND nobody.good.lab",
      status: "secure",
    });
    expect(await failureOf(lookup("_imaps._tcp.good.lab", { all: true }))).toMatchObject({ code: "ENOTFOUND" });
  });

  it("bogus in both families: ESERVFAIL with the reason", async () => {
    expect(await failureOf(lookup("mx.bogus.lab"))).toMatchObject({ code: "ESERVFAIL", status: "bogus" });
  });

  it("a broken IPv6 answer does not stop IPv4, and alone it is no absence", async () => {
    expect(await lookup("half.bogus.lab", { all: true })).toEqual([{ address: "5.3.3.4", family: 4 }]);
    expect(await failureOf(lookup("half.bogus.lab", { family: 6 }))).toMatchObject({ code: "ESERVFAIL" });
  });

  it("a bad name comes by the callback, never as a throw", async () => {
    const error = await new Promise((resolve) => lookup("a..b", (failure) => resolve(failure)));
    expect(error).toMatchObject({ code: "EBADNAME", hostname: "a..b" });
  });

  it.each([
    [{ family: 5 }, "ERR_INVALID_ARG_VALUE"],
    [{ hints: 1 << 30 }, "ERR_INVALID_ARG_VALUE"],
    [{ hints: "no" }, "ERR_INVALID_ARG_VALUE"],
    [{ order: "random" }, "ERR_INVALID_ARG_VALUE"],
    ["IPv4", "ERR_INVALID_ARG_TYPE"],
  ])("options %o are a caller's mistake", (options, code) => {
    expect(() => lookup("good.lab", options as never, () => {})).toThrow(expect.objectContaining({ code }));
  });

  it("neither a name that is no string nor a callback that is no function is taken", () => {
    expect(() => lookup(7 as never, () => {})).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
    expect(() => lookup("good.lab", {}, "no" as never)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });
});

describe("callbacks", () => {
  it("never come before lookup returns, cached or not", async () => {
    await lookup("four.good.lab");
    let returned = false;
    await new Promise<void>((resolve) => {
      lookup("four.good.lab", (error, address, family) => {
        expect({ returned, error, address, family }).toEqual({
          returned: true,
          error: null,
          address: "5.1.2.4",
          family: 4,
        });
        resolve();
      });
      returned = true;
    });
  });

  it("get a list where all are wanted", async () => {
    const addresses = await new Promise<LookupAddress[]>((resolve) =>
      lookup("many.good.lab", { all: true }, (_error, found) => resolve(found)),
    );
    expect(addresses).toEqual([...six, ...four]);
  });
});

describe("sockets", () => {
  const servers: Server[] = [];
  const clients = nodeDns(
    smallInternet(
      {},
      { zones: [...description.zones, { apex: "here.lab.", records: "mx A 127.0.0.1\nmx AAAA 2a00::dead" }] },
    ).resolver,
    { reachable: () => new Set<Family>([4]) },
  );
  const lookupFunction: LookupFunction = clients.lookup;
  let port = 0;

  beforeAll(async () => {
    const server = createServer((socket) => socket.end("220 here\r\n"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

  it.each([{}, { family: 4 }, { autoSelectFamily: true }, { autoSelectFamily: false }, { hints: V4MAPPED }])(
    "net.connect with %o reaches the server",
    async (options) => {
      const socket = connect({ host: "mx.here.lab", port, lookup: lookupFunction, ...options });
      const seen: unknown[] = [];
      socket.on("lookup", (error, address, family, host) => seen.push({ error, address, family, host }));
      const greeting = await new Promise<string>((resolve, reject) => {
        socket.once("data", (octets) => resolve(octets.toString())).once("error", reject);
      });
      socket.destroy();
      expect(greeting).toBe("220 here\r\n");
      expect(seen).toContainEqual({ error: null, address: "127.0.0.1", family: 4, host: "mx.here.lab" });
    },
  );

  it("net.connect to a bogus name fails before a packet is sent", async () => {
    const socket = connect({ host: "mx.bogus.lab", port, lookup: lookupFunction });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once("error", resolve));
    expect(error).toMatchObject({ code: "ESERVFAIL", syscall: "getaddrinfo", hostname: "mx.bogus.lab" });
  });

  it("http.get goes the same way", async () => {
    const server = createHttpServer((_request, response) => response.end("hello"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://mx.here.lab:${(server.address() as AddressInfo).port}/`;
    const body = await new Promise<string>((resolve, reject) => {
      get(url, { lookup: lookupFunction, agent: false }, (response) => {
        response.setEncoding("utf8").once("data", resolve);
      }).once("error", reject);
    });
    expect(body).toBe("hello");
  });
});

it("this machine's own families are told by its interfaces", () => {
  for (const family of reachableHere()) expect([4, 6]).toContain(family);
});

function mapped(address: string): LookupAddress {
  return { address: `::ffff:${address}`, family: 6 };
}

async function numberAsked(work: (faces: ReturnType<typeof nodeDns>) => Promise<void>): Promise<number> {
  const { resolver, world } = smallInternet();
  await work(nodeDns(resolver));
  return world.count();
}
