/** RFC 7873 §5.2 and RFC 9018: cookies that clients can show again, and that nobody else can make. */
import { describe, expect, it, test } from "vitest";
import { virtualClock } from "../../src/env/virtual.ts";
import { createAccess } from "../../src/server/access.ts";
import { parsePrefix } from "../../src/server/addresses.ts";
import { ServerCookies } from "../../src/server/cookies.ts";
import { type Client, createResponder, type ResponderOptions } from "../../src/server/responder.ts";
import { siphash24 } from "../../src/server/siphash.ts";
import { optionOf } from "../../src/wire/edns.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { OPTION, RCODE } from "../../src/wire/registry.ts";
import { a, answer, data, fakeResolver, insecure, NOW, question } from "./answers.ts";
import { query } from "./requests.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

describe("SipHash-2-4", () => {
  // The reference vectors of the authors: key 00..0f, message 00..n-1.
  it.each([
    [0, "310e0edd47db6f72"],
    [1, "fd67dc93c539f874"],
    [7, "37d1018bf50002ab"],
    [8, "6224939a79f5f593"],
    [15, "e545be4961ca29a1"],
    [63, "724506eb4c328a95"],
  ])("of %i octets", (length, expected) => {
    const key = Uint8Array.from({ length: 16 }, (_, i) => i);
    const message = Uint8Array.from({ length }, (_, i) => i);
    expect(toHex(siphash24(key, message))).toBe(expected);
  });

  it("takes a key of 16 octets", () => {
    expect(() => siphash24(new Uint8Array(15), new Uint8Array())).toThrow("15 octets: 16 expected");
  });
});

describe("RFC 9018, appendix A", () => {
  const secret = hex("e5e973e5a6b2a43f48e7dc849e37bfcf");
  const client = hex("2464c4abcf10c957");
  const serverOf = (cookies: ServerCookies, shown: Uint8Array, now: number, address = "198.51.100.100") =>
    cookies.standingOf({ client, server: shown.length === 0 ? null : shown }, address, now);

  test("A.1: a client learns a cookie", () => {
    const standing = serverOf(new ServerCookies([secret]), hex(""), 1559731985);
    expect(standing.proven).toBe(false);
    expect(toHex(standing.option.data)).toBe("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  });

  test("A.2: it shows the same one later, and gets it back while it is young", () => {
    const shown = hex("010000005cf79f111f8130c3eee29480");
    const standing = serverOf(new ServerCookies([secret]), shown, 1559731985 + 1799);
    expect(standing.proven).toBe(true);
    expect(toHex(standing.option.data)).toBe("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  });

  test("A.2: past its half life it is still good, and a new one comes", () => {
    const shown = hex("010000005cf79f111f8130c3eee29480");
    const standing = serverOf(new ServerCookies([secret]), shown, 1559734385);
    expect(standing.proven).toBe(true);
    expect(toHex(standing.option.data)).toBe("2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
  });

  test("A.4: of an IPv6 client, with the secret before the current one", () => {
    const before = hex("dd3bdf9344b678b185a6f5cb60fca715");
    const now = hex("445536bcd2513298075a5d379663c962");
    const cookies = new ServerCookies([now, before]);
    const of = { client: hex("22681ab97d52c298"), server: hex("010000005cf7c57926556bd0934c72f8") };
    const standing = cookies.standingOf(of, "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961);
    expect(standing.proven).toBe(true);
    expect(toHex(standing.option.data)).toBe("22681ab97d52c298010000005cf7c609a6bb79d16625507a");
  });

  test.each([
    ["another address", hex("010000005cf79f111f8130c3eee29480"), 1559731985, "198.51.100.101"],
    ["another hash", hex("010000005cf79f111f8130c3eee29481"), 1559731985, "198.51.100.100"],
    ["another version", hex("020000005cf79f111f8130c3eee29480"), 1559731985, "198.51.100.100"],
    ["another length", hex("010000005cf79f111f8130c3eee2948000"), 1559731985, "198.51.100.100"],
    ["more than an hour old", hex("010000005cf79f111f8130c3eee29480"), 1559731985 + 3601, "198.51.100.100"],
    ["more than five minutes ahead", hex("010000005cf79f111f8130c3eee29480"), 1559731985 - 301, "198.51.100.100"],
  ])("%s: not proven", (_, shown, now, address) => {
    expect(serverOf(new ServerCookies([secret]), shown, now, address).proven).toBe(false);
  });

  it("needs secrets of 16 octets, at least one", () => {
    expect(() => new ServerCookies([])).toThrow(TypeError);
    expect(() => new ServerCookies([new Uint8Array(8)])).toThrow("8 octets: 16 expected");
  });
});

const CLIENT = [0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38];
const cookieOption = (...server: number[]): number[] => [0, 10, 0, 8 + server.length, ...CLIENT, ...server];

describe("a daemon with cookies", () => {
  const world = {
    cached: [answer(question("www.example.", 1), insecure(data("www.example.", [a("www.example.", 1)])))],
  };

  function daemon(options: Partial<ResponderOptions> = {}) {
    const clock = virtualClock({ unixSeconds: NOW });
    const { respond } = createResponder({
      resolver: fakeResolver(world),
      clock,
      cookies: new ServerCookies([new Uint8Array(16).fill(7)]),
      access: createAccess({
        rules: [
          { prefix: parsePrefix("127.0.0.1"), decision: "allow" },
          { prefix: parsePrefix("192.0.2.0/24"), decision: "cookie" },
        ],
      }),
      ...options,
    });
    return async (octets: Uint8Array, from: Partial<Client> = {}): Promise<Message> =>
      decodeMessage((await respond(octets, { address: "127.0.0.1", port: 9, transport: "udp", ...from }))!);
  }
  const ask = (...options: number[]) => query({ edns: { options } });
  const shownTo = (reply: Message): number[] => [...(optionOf(reply.edns!, OPTION.COOKIE) ?? [])];
  const stranger = { address: "192.0.2.9" };

  it("gives one to whoever sends his own, and nothing to whoever does not", async () => {
    const tell = daemon();
    const reply = await tell(ask(...cookieOption()));
    expect(reply.rcode).toBe(RCODE.NOERROR);
    expect(shownTo(reply).slice(0, 8)).toEqual(CLIENT);
    expect(shownTo(reply)).toHaveLength(24);
    expect(shownTo(await tell(ask()))).toEqual([]);
    expect((await tell(query())).edns).toBeNull();
  });

  it("wants to see one over UDP where the operator says so", async () => {
    const tell = daemon();
    expect(await tell(ask(), stranger)).toMatchObject({ rcode: RCODE.REFUSED, tc: true });
    expect(await tell(query(), stranger)).toMatchObject({ rcode: RCODE.REFUSED, tc: true });
    const first = await tell(ask(...cookieOption()), stranger);
    expect(first).toMatchObject({ rcode: RCODE.BADCOOKIE, answer: [] });
    const shown = shownTo(first).slice(8);
    expect(await tell(ask(...cookieOption(...shown)), stranger)).toMatchObject({ rcode: RCODE.NOERROR });
    const thief = { address: "192.0.2.10" };
    expect(await tell(ask(...cookieOption(...shown)), thief)).toMatchObject({ rcode: RCODE.BADCOOKIE });
    expect(await tell(ask(), { ...stranger, transport: "tcp" })).toMatchObject({ rcode: RCODE.NOERROR });
  });

  it("does not give one client's cookie to another that sends the same octets within a second", async () => {
    const tell = daemon({ access: createAccess({ otherwise: "allow" }) });
    const one = shownTo(await tell(ask(...cookieOption()), { address: "192.0.2.1" }));
    const two = shownTo(await tell(ask(...cookieOption()), { address: "192.0.2.2" }));
    expect(one.slice(8)).not.toEqual(two.slice(8));
  });

  it("takes a cookie of an impossible length for a mistake, and the first of several", async () => {
    const tell = daemon();
    for (const length of [0, 7, 9, 15, 41]) {
      const malformed = [0, 10, 0, length, ...new Array<number>(length).fill(1)];
      expect(await tell(ask(...malformed))).toMatchObject({ rcode: RCODE.FORMERR });
    }
    const twice = await tell(ask(...cookieOption(), 0, 10, 0, 3, 1, 1, 1));
    expect(twice).toMatchObject({ rcode: RCODE.NOERROR });
    expect(twice.edns!.options.filter(({ code }) => code === OPTION.COOKIE)).toHaveLength(1);
  });

  it("without them, cookies are an unknown option", async () => {
    const tell = daemon({ cookies: null });
    expect(shownTo(await tell(ask(...cookieOption())))).toEqual([]);
    expect(await tell(ask(0, 10, 0, 3, 1, 1, 1))).toMatchObject({ rcode: RCODE.NOERROR });
  });
});

describe("NSID (RFC 5001)", () => {
  const nsid = new TextEncoder().encode("mail-3.example");
  const world = {
    cached: [answer(question("www.example.", 1), insecure(data("www.example.", [a("www.example.", 1)])))],
  };
  const tell = async (options: number[], given: Uint8Array | null): Promise<Uint8Array[]> => {
    const { respond } = createResponder({
      resolver: fakeResolver(world),
      clock: virtualClock({ unixSeconds: NOW }),
      nsid: given,
    });
    const reply = await respond(query({ edns: { options } }), { address: "127.0.0.1", port: 9, transport: "udp" });
    return decodeMessage(reply!)
      .edns!.options.filter(({ code }) => code === OPTION.NSID)
      .map((option) => option.data);
  };

  it("is told to whoever asks, once, and to nobody else", async () => {
    expect(await tell([0, 3, 0, 0], nsid)).toEqual([nsid]);
    expect(await tell([0, 3, 0, 0, 0, 3, 0, 0], nsid)).toEqual([nsid]);
    expect(await tell([], nsid)).toEqual([]);
    expect(await tell([0, 3, 0, 0], null)).toEqual([]);
  });

  it("of more than 512 octets is refused when the daemon starts", async () => {
    await expect(tell([], new Uint8Array(513))).rejects.toThrow("513 octets: 512 at most");
  });
});
