import { describe, expect, it } from "vitest";
import {
  type DeliveryOptions,
  type DeliveryPlan,
  type MailAction,
  planDelivery,
  withoutTls,
} from "../../src/dane/smtp-plan.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { alter } from "../../src/lab/injure.ts";
import { keyTrap } from "../../src/lab/key-trap.ts";
import { fails, forType, silent } from "../../src/lab/quirks.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { type InWorld, inWorld, LAB_NOW, tlsaLine } from "./harness.ts";

const TLSA = tlsaLine("_25._tcp.mx", "3 1 1 leaf");
const strip = (name: string, type: number): Partial<ZoneDescription> => ({
  edit: (zone) => alter(zone, [name, type], () => ({ signatures: [] })),
});
const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records,
  ...rest,
});
const plain: ZoneDescription = {
  apex: "plain.lab.",
  signing: null,
  records: `mx A 192.0.2.90\nmid CNAME mx.host.lab.\n${TLSA}`,
};
const host: ZoneDescription = { apex: "host.lab.", records: `mx A 192.0.2.91\n${TLSA}` };

type Options = DeliveryOptions & { readonly domain?: string; readonly servers?: Parameters<typeof inWorld>[2] };

function plan(
  zones: readonly ZoneDescription[],
  { domain = "ta.lab", servers, ...options }: Options = {},
): Promise<DeliveryPlan> {
  return inWorld(zones, ({ resolver, clock }) => planDelivery(resolver, domain, { clock, ...options }), servers);
}

async function action(zones: readonly ZoneDescription[], options: Options = {}): Promise<MailAction> {
  const { hosts } = await plan(zones, options);
  return hosts[0]!.action;
}

async function questions(zones: readonly ZoneDescription[]): Promise<{ asked: readonly string[]; plan: DeliveryPlan }> {
  return inWorld(zones, async ({ resolver, clock, asked }: InWorld) => {
    const made = await planDelivery(resolver, "ta.lab", { clock });
    return { asked: asked().filter((question) => question.endsWith(` ${TYPE.TLSA}`)), plan: made };
  });
}

describe("the next hop", () => {
  it("with a bogus MX, mail waits, whatever the domain's own address is", async () => {
    const made = await plan([zone("@ MX 10 mx\n@ A 192.0.2.1\nmx A 192.0.2.2", strip("ta.lab.", TYPE.MX))]);
    expect(made).toMatchObject({ do: "defer", code: "mx bogus", tlsrpt: "dnssec-invalid", status: "4.4.3", hosts: [] });
    expect(made.reason).toContain("ta.lab. MX is bogus");
  });

  it.each([
    ["unanswered", silent(forType(TYPE.MX))],
    ["refused", fails(RCODE.REFUSED, forType(TYPE.MX))],
    ["failing", fails(RCODE.SERVFAIL, forType(TYPE.MX))],
  ])("with an MX question %s, mail waits", async (_, quirk) => {
    const servers = { servers: [{ name: "ns.ta.lab.", quirks: [quirk] }] };
    expect(await plan([zone("@ MX 10 mx\n@ A 192.0.2.1")], { servers })).toMatchObject({
      do: "defer",
      code: "mx failed",
      status: "4.4.3",
    });
  });

  it("with a bogus denial of MX, mail waits", async () => {
    const unproven = zone("@ A 192.0.2.1", {
      edit: (signed) => {
        signed.denials = [];
      },
    });
    expect(await plan([unproven])).toMatchObject({ do: "defer", code: "mx bogus" });
  });

  it("behind a DNAME too long to follow is not known", async () => {
    const long = `${"n".repeat(63)}.${"n".repeat(63)}.${"n".repeat(63)}`;
    const made = await plan([zone(`old DNAME ${long}`)], { domain: `${"d".repeat(63)}.old.ta.lab` });
    expect(made).toMatchObject({ do: "defer", code: "mx failed" });
    expect(made.reason).toContain("the answer is YXDOMAIN");
  });

  it("takes no mail by a null MX, proven or not", async () => {
    for (const signing of [{}, null]) {
      const made = await plan([zone("@ MX 0 .\n@ A 192.0.2.1", { signing })]);
      expect(made).toMatchObject({ do: "bounce", code: "null mx", status: "5.1.10", hosts: [] });
    }
  });

  it("a null MX among others means nothing", async () => {
    const made = await plan([zone(`@ MX 0 .\n@ MX 10 mx\nmx A 192.0.2.1\n${TLSA}`)]);
    expect(made.hosts.map(({ name }) => `${name}`)).toEqual(["mx.ta.lab."]);
  });

  it("is the domain itself where it is proven that it has no MX, and where that cannot be proven", async () => {
    const records = `@ A 192.0.2.1\n${tlsaLine("_25._tcp", "3 1 1 leaf")}`;
    const secure = await plan([zone(records)]);
    expect(secure).toMatchObject({ do: "deliver", implicit: true, nextHop: "secure", code: "tlsa usable" });
    const insecure = await plan([zone(records, { signing: null })]);
    expect(insecure).toMatchObject({ do: "deliver", implicit: true, nextHop: "insecure", code: "address insecure" });
  });

  it("does not exist: the sender is told", async () => {
    expect(await plan([zone("mx A 192.0.2.1")], { domain: "nobody.ta.lab" })).toMatchObject({
      do: "bounce",
      code: "no such domain",
      status: "5.1.2",
    });
    expect(await plan([zone("mx A 192.0.2.1")])).toMatchObject({ do: "bounce", code: "no address", status: "5.4.4" });
  });

  it.each([
    ["[192.0.2.1]", "192.0.2.1"],
    ["[IPv6:2001:DB8::1]", "2001:db8::1"],
  ])("may be an address, which has no TLSA records: %s", async (literal, address) => {
    const made = await plan([zone("")], { domain: literal });
    expect(made).toMatchObject({
      do: "deliver",
      code: "address literal",
      hosts: [{ name: null, addresses: [address], action: { do: "opportunistic", sni: null } }],
    });
    expect(await plan([zone("")], { domain: literal, level: "dane-only" })).toMatchObject({
      do: "defer",
      code: "dane required",
    });
  });

  it.each(["[192.0.2.999]", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[x]", "ä.lab", "a..lab"])(
    "is no domain and no address: %s",
    async (text) => {
      await expect(plan([zone("")], { domain: text })).rejects.toThrow(TypeError);
    },
  );

  it("may be an alias: the certificate may show either name", async () => {
    const made = await action([zone(`d CNAME e\ne MX 10 mx\nmx A 192.0.2.1\n${TLSA}`)], { domain: "d.ta.lab" });
    expect("names" in made && made.names.map(String)).toEqual(["mx.ta.lab.", "d.ta.lab.", "e.ta.lab."]);
  });

  it("that is not proven is no name to look for in certificates", async () => {
    const zones = [zone("@ MX 10 mx.host.lab.", { signing: null }), host];
    const made = await action(zones);
    expect(made).toMatchObject({ do: "authenticate", sni: "mx.host.lab" });
    expect("names" in made && made.names.map(String)).toEqual(["mx.host.lab."]);
    expect(await action(zones, { insecureMx: "may" })).toMatchObject({ do: "opportunistic", code: "mx insecure" });
  });
});

describe("the order of hosts", () => {
  const many =
    "@ MX 30 c\n@ MX 10 a\n@ MX 20 b1\n@ MX 20 b2\n@ MX 20 b3\na A 192.0.2.1\nb1 A 192.0.2.2\nb2 A 192.0.2.3\nb3 A 192.0.2.5\nc A 192.0.2.4\n";
  it("is that of preference, and security does not change it", async () => {
    const { hosts } = await plan([zone(`${many}${tlsaLine("_25._tcp.c", "3 1 1 leaf")}`)]);
    expect(hosts.map(({ preference, action: { do: what } }) => `${preference} ${what}`)).toEqual([
      "10 opportunistic",
      "20 opportunistic",
      "20 opportunistic",
      "20 opportunistic",
      "30 authenticate",
    ]);
  });

  it("is drawn among equals", async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const { hosts } = await plan([zone(many)], { random: seededRandom(seed) });
      expect(hosts.map(({ preference }) => preference)).toEqual([10, 20, 20, 20, 30]);
      seen.add(`${hosts[1]!.name}`);
    }
    expect(seen.size).toBe(3);
  });

  it("names each host once, at its best preference", async () => {
    const { hosts } = await plan([zone(`@ MX 20 mx\n@ MX 10 MX\nmx A 192.0.2.1`)]);
    expect(hosts.map(({ preference }) => preference)).toEqual([10]);
  });

  it("ends where it would be too much work, and then nothing is said for good", async () => {
    const none = Array.from({ length: 8 }, (_, i) => `@ MX ${i} nobody${i}\n`).join("");
    expect(await plan([zone(none)], { maxHosts: 3 })).toMatchObject({ do: "defer", code: "too many hosts" });
    expect(await plan([zone(none)])).toMatchObject({ do: "bounce", code: "no address" });
    await expect(plan([zone(none)], { maxHosts: 0 })).rejects.toThrow(RangeError);
  });
});

describe("the addresses of a host", () => {
  it("one secure family suffices: a broken denial of AAAA does not stop IPv4", async () => {
    const made = await plan([zone(`@ MX 10 mx\nmx A 192.0.2.1\n${TLSA}`)], {
      servers: { servers: [{ name: "ns.ta.lab.", quirks: [fails(RCODE.SERVFAIL, forType(TYPE.AAAA))] }] },
    });
    expect(made).toMatchObject({
      do: "deliver",
      hosts: [{ addresses: ["192.0.2.1"], action: { do: "authenticate" } }],
    });
  });

  it("are no reason to deliver in the clear when both families fail", async () => {
    const made = await plan([zone(`@ MX 10 mx\nmx A 192.0.2.1\n${TLSA}`, strip("mx.ta.lab.", TYPE.A))]);
    expect(made).toMatchObject({
      do: "defer",
      code: "address bogus",
      hosts: [{ addresses: [], action: { do: "skip", temporary: true } }],
    });
  });

  it("that cannot be had now make mail wait", async () => {
    const made = await plan([zone("@ MX 10 mx\nmx A 192.0.2.1")], {
      servers: { servers: [{ name: "ns.ta.lab.", quirks: [silent(forType(TYPE.A))] }] },
    });
    expect(made).toMatchObject({ do: "defer", code: "address failed", status: "4.4.3" });
  });

  it("that do not exist are for good only if no other host may come back", async () => {
    expect(await plan([zone("@ MX 10 gone\n@ MX 20 gone2")])).toMatchObject({
      do: "bounce",
      code: "no address",
      status: "5.4.4",
    });
    const broken = zone(`@ MX 10 gone\n@ MX 20 mx\nmx A 192.0.2.1\n${TLSA}`, strip("_25._tcp.mx.ta.lab.", TYPE.TLSA));
    expect(await plan([broken])).toMatchObject({ do: "defer", code: "tlsa failed" });
  });

  it("both families are there, IPv6 first", async () => {
    const { hosts } = await plan([zone("@ MX 10 mx\nmx A 192.0.2.1\nmx AAAA 2001:db8::1")]);
    expect(hosts[0]!.addresses).toEqual(["2001:db8::1", "192.0.2.1"]);
  });

  it("without security mean that no TLSA question is sent", async () => {
    const { asked, plan: made } = await questions([zone("@ MX 10 mx.plain.lab."), plain]);
    expect(made.code).toBe("address insecure");
    expect(asked).toEqual([]);
  });
});

describe("the names at which TLSA records may stand", () => {
  it("the end of a secure alias first; what is unusable there is found all the same", async () => {
    const records = `@ MX 10 mx\nmx CNAME real\nreal A 192.0.2.1\n${TLSA}${tlsaLine("_25._tcp.real", "1 1 1 leaf")}`;
    const { asked, plan: made } = await questions([zone(records)]);
    expect(made).toMatchObject({ hosts: [{ action: { do: "encrypt", sni: "real.ta.lab" } }] });
    expect(asked).toEqual(["_25._tcp.real.ta.lab. 52"]);
  });

  it("then its beginning, where the end is proven to have none", async () => {
    const { plan: made } = await questions([
      zone(`@ MX 10 mx\nmx CNAME mid\nmid CNAME real\nreal A 192.0.2.1\n${TLSA}`),
    ]);
    expect(made).toMatchObject({ hosts: [{ action: { do: "authenticate", sni: "mx.ta.lab" } }] });
  });

  it("names between them never", async () => {
    const records = `@ MX 10 mx\nmx CNAME mid\nmid CNAME real\nreal A 192.0.2.1\n${tlsaLine("_25._tcp.mid", "3 1 1 !leaf")}`;
    const { asked, plan: made } = await questions([zone(records)]);
    expect(made).toMatchObject({ hosts: [{ action: { do: "opportunistic", code: "tlsa absent" } }] });
    expect(asked).not.toContain("_25._tcp.mid.ta.lab. 52");
  });

  it("if the end cannot be found out, the beginning does not help", async () => {
    const records = `@ MX 10 mx\nmx CNAME real\nreal A 192.0.2.1\n${TLSA}${tlsaLine("_25._tcp.real", "3 1 1 leaf")}`;
    const made = await plan([zone(records, strip("_25._tcp.real.ta.lab.", TYPE.TLSA))]);
    expect(made).toMatchObject({ do: "defer", code: "tlsa failed" });
  });

  it("of an alias that leads out of security only its own name; an insecure middle makes a secure end worthless", async () => {
    const records = `@ MX 10 mx\nmx CNAME mid.plain.lab.\n${TLSA}`;
    const { asked, plan: made } = await questions([zone(records), plain, host]);
    expect(made).toMatchObject({ hosts: [{ action: { do: "authenticate", sni: "mx.ta.lab" } }] });
    expect(asked).toEqual(["_25._tcp.mx.ta.lab. 52"]);
  });

  it("of an insecure alias none", async () => {
    const { asked, plan: made } = await questions([zone("@ MX 10 mid.plain.lab."), plain, host]);
    expect(made).toMatchObject({ hosts: [{ action: { do: "opportunistic", code: "alias insecure" } }] });
    expect(asked).toEqual([]);
  });

  it("a DNAME is an alias too", async () => {
    const records = `@ MX 10 mx.old\nold DNAME new\nmx.new A 192.0.2.1\n${tlsaLine("_25._tcp.mx.new", "3 1 1 leaf")}`;
    expect(await action([zone(records)])).toMatchObject({ do: "authenticate", sni: "mx.new.ta.lab" });
  });

  it("of a domain without MX that is an alias", async () => {
    const records = `d CNAME real\nreal A 192.0.2.1\n${tlsaLine("_25._tcp.real", "3 1 1 leaf")}`;
    const made = await action([zone(records)], { domain: "d.ta.lab" });
    expect(made).toMatchObject({ do: "authenticate", sni: "real.ta.lab" });
    expect("names" in made && made.names.map(String)).toEqual(["real.ta.lab.", "d.ta.lab."]);
  });
});

describe("TLSA records", () => {
  const base = "@ MX 10 mx\nmx A 192.0.2.1\n";
  it.each([
    ["dropped", silent(forType(TYPE.TLSA))],
    ["refused", fails(RCODE.REFUSED, forType(TYPE.TLSA))],
    ["answered with SERVFAIL", fails(RCODE.SERVFAIL, forType(TYPE.TLSA))],
  ])("questions %s make mail wait: the classic downgrade", async (_, quirk) => {
    const servers = { servers: [{ name: "ns.ta.lab.", quirks: [quirk] }] };
    expect(await plan([zone(base + TLSA)], { servers })).toMatchObject({
      do: "defer",
      code: "tlsa failed",
      tlsrpt: "dnssec-invalid",
      status: "4.7.5",
      exchange: "4.7.324",
    });
  });

  it("that are bogus at one host leave the next one", async () => {
    const records = `@ MX 10 bad\n@ MX 20 mx\nbad A 192.0.2.1\nmx A 192.0.2.2\n${TLSA}${tlsaLine("_25._tcp.bad", "3 1 1 leaf")}`;
    const made = await plan([zone(records, strip("_25._tcp.bad.ta.lab.", TYPE.TLSA))]);
    expect(made).toMatchObject({
      do: "deliver",
      hosts: [{ action: { do: "skip" } }, { action: { do: "authenticate" } }],
    });
  });

  it("of another host are reached though one host's zone is a trap for validators", async () => {
    const trap: ZoneDescription = {
      apex: "trap.lab.",
      signing: { keys: [{ role: "csk", algorithm: 8 }] },
      records: "www A 192.0.2.66",
      edit: (signed) => keyTrap(signed, { keys: 20, signatures: 20 }),
    };
    const made = await plan([zone(`@ MX 10 www.trap.lab.\n@ MX 20 mx\nmx A 192.0.2.1\n${TLSA}`), trap]);
    expect(made).toMatchObject({
      do: "deliver",
      hosts: [{ action: { do: "skip", code: "address bogus" } }, { action: { do: "authenticate" } }],
    });
  });

  it("of a name that TLS cannot carry do not turn into none", async () => {
    const records = "@ MX 10 a\\@b\na\\@b A 192.0.2.1\n";
    expect(await action([zone(records)])).toMatchObject({ do: "opportunistic", sni: null });
    const made = await action([zone(records + tlsaLine("_25._tcp.a\\@b", "3 1 1 leaf"))]);
    expect(made).toMatchObject({ do: "skip", code: "no host name" });
  });

  it("that are all unusable still want TLS, and say why", async () => {
    const made = await action([zone(`${base}_25._tcp.mx TLSA 1 1 1 ${"ab".repeat(32)}`)]);
    expect(made).toMatchObject({ do: "encrypt", code: "tlsa unusable", tlsrpt: "tlsa-invalid", status: null });
    expect(made.reason).toContain("usage PKIX-EE(1) does not count here");
  });

  it("bound the life of the plan, and so do the addresses and the MX", async () => {
    const short = (which: string) => (name: string) => (name === which ? "60" : "3600");
    for (const which of ["mx", "a", "tlsa"]) {
      const ttl = short(which);
      const records = `@ ${ttl("mx")} MX 10 mx\nmx ${ttl("a")} A 192.0.2.1\nmx ${ttl("a")} AAAA 2001:db8::1\n${TLSA.replace("TLSA", `${ttl("tlsa")} TLSA`)}`;
      const { expires } = await plan([zone(records)]);
      expect(expires - LAB_NOW).toBe(60);
    }
  });
});

describe("a host without STARTTLS", () => {
  it("is passed over if it has TLSA records, usable or not, and only then", async () => {
    const base = "@ MX 10 mx\nmx A 192.0.2.1\n";
    for (const tlsa of ["3 1 1 leaf", "1 1 1 leaf"]) {
      const made = await action([zone(base + tlsaLine("_25._tcp.mx", tlsa))]);
      expect(withoutTls(made, "mx")).toMatchObject({
        do: "skip",
        code: "starttls missing",
        status: "4.7.4",
        tlsrpt: "starttls-not-supported",
        exchange: "4.7.321",
      });
    }
    const failed = withoutTls(await action([zone(base + TLSA)]), "mx", "failed");
    expect(failed).toMatchObject({ code: "handshake failed", tlsrpt: "validation-failure" });
    expect(failed?.reason).toBe("mx has TLSA records, so TLS is required, but it failed");
    expect(withoutTls(await action([zone(base)]), "mx")).toBeNull();
    const skipped = await action([zone(base + TLSA, strip("mx.ta.lab.", TYPE.A))]);
    expect(() => withoutTls(skipped, "mx")).toThrow(TypeError);
  });
});

it("an impatient caller gets a plan to wait, not an exception", async () => {
  const made = await plan([zone(`@ MX 10 mx`)], { signal: AbortSignal.abort() });
  expect(made).toMatchObject({ do: "defer", code: "mx failed" });
});
