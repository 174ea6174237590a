import { describe, expect, it } from "vitest";
import {
  type HostPlan,
  planHost,
  planService,
  type ServiceOptions,
  type ServicePlan,
} from "../../src/dane/service-plan.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { alter } from "../../src/lab/injure.ts";
import { fails, forType } from "../../src/lab/quirks.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { inWorld, tlsaLine } from "./harness.ts";

const IMAPS = tlsaLine("_993._tcp.imap", "2 1 1 root");
const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records,
  ...rest,
});
const strip = (name: string, type: number): Partial<ZoneDescription> => ({
  edit: (signed) => alter(signed, [name, type], () => ({ signatures: [] })),
});
const SRV = "_imaps._tcp SRV 0 0 993 imap\nimap A 192.0.2.1\n";

function service(zones: readonly ZoneDescription[], options: ServiceOptions = {}): Promise<ServicePlan> {
  return inWorld(zones, ({ resolver, clock }) => planService(resolver, "_imaps._tcp.ta.lab", { clock, ...options }));
}

function host(zones: readonly ZoneDescription[], name = "www.ta.lab"): Promise<HostPlan> {
  return inWorld(zones, ({ resolver, clock }) => planHost(resolver, name, 443, { clock }));
}

const texts = (names: readonly { toString(): string }[]): string[] => names.map(String);

describe("a service by SRV", () => {
  it("is authenticated by the TLSA records of its target and port", async () => {
    const plan = await service([zone(SRV + IMAPS)]);
    expect(plan).toMatchObject({
      do: "connect",
      security: "secure",
      code: "tlsa usable",
      targets: [{ port: 993, action: { do: "authenticate", sni: "imap.ta.lab" } }],
    });
    const [target] = plan.targets;
    expect(target!.action.do === "authenticate" && texts(target!.action.names)).toEqual(["imap.ta.lab."]);
  });

  it("may use the usages of public PKIX", async () => {
    expect(await service([zone(SRV + tlsaLine("_993._tcp.imap", "1 1 1 leaf"))])).toMatchObject({
      code: "tlsa usable",
    });
  });

  it.each([
    ["has none", SRV, "tlsa absent"],
    ["has unusable ones only", `${SRV}_993._tcp.imap TLSA 9 1 1 ${"ab".repeat(32)}`, "tlsa unusable"],
  ])("goes by the source domain and public PKIX where the target %s", async (_, records, code) => {
    const plan = await service([zone(records)]);
    expect(plan).toMatchObject({ do: "connect", code, targets: [{ action: { do: "pkix", sni: "ta.lab" } }] });
    const [target] = plan.targets;
    expect(target!.action.do === "pkix" && texts(target!.action.names)).toEqual(["ta.lab."]);
  });

  it("goes by public PKIX where SRV is not proven, whatever the target has", async () => {
    const target: ZoneDescription = { apex: "host.lab.", records: `imap A 192.0.2.1\n${IMAPS}` };
    const plan = await service([zone("_imaps._tcp SRV 0 0 993 imap.host.lab.", { signing: null }), target]);
    expect(plan).toMatchObject({
      do: "connect",
      security: "insecure",
      code: "service insecure",
      targets: [{ action: { do: "pkix", sni: "ta.lab" } }],
    });
  });

  it("waits where SRV is bogus", async () => {
    const plan = await service([zone(SRV + IMAPS, strip("_imaps._tcp.ta.lab.", TYPE.SRV))]);
    expect(plan).toMatchObject({ do: "defer", code: "service failed", security: "unknown", targets: [] });
  });

  it("does not connect to a target whose TLSA records cannot be found out, but to the next", async () => {
    const records = `${SRV}_imaps._tcp SRV 10 0 993 other\nother A 192.0.2.2\n${IMAPS}`;
    const plan = await service([zone(records, strip("_993._tcp.imap.ta.lab.", TYPE.TLSA))]);
    expect(plan).toMatchObject({
      do: "connect",
      targets: [{ action: { do: "skip", code: "tlsa failed" } }, { action: { do: "pkix" } }],
    });
  });

  it("waits if that is its only target, and gives up if it has no address", async () => {
    expect(await service([zone(SRV + IMAPS, strip("_993._tcp.imap.ta.lab.", TYPE.TLSA))])).toMatchObject({
      do: "defer",
      code: "tlsa failed",
    });
    expect(await service([zone("_imaps._tcp SRV 0 0 993 imap")])).toMatchObject({ do: "give up", code: "no address" });
  });

  it("is not offered, or not by SRV", async () => {
    expect(await service([zone("_imaps._tcp SRV 0 0 0 .")])).toMatchObject({ do: "give up", code: "no service" });
    expect(await service([zone("")])).toMatchObject({ do: "fall back", code: "no service", security: "secure" });
  });

  it("tries targets by priority, and by weight among equals", async () => {
    const records = [
      [20, 0, "z"],
      [10, 1, "light"],
      [10, 99, "heavy"],
    ]
      .map(([p, w, name]) => `_imaps._tcp SRV ${p} ${w} 993 ${name}\n${name} A 192.0.2.1\n`)
      .join("");
    const first = new Map<string, number>();
    for (let seed = 0; seed < 60; seed++) {
      const { targets } = await service([zone(records)], { random: seededRandom(seed) });
      expect(texts(targets.map(({ name }) => name))[2]).toBe("z.ta.lab.");
      const name = `${targets[0]!.name}`;
      first.set(name, (first.get(name) ?? 0) + 1);
    }
    expect(first.get("heavy.ta.lab.")).toBeGreaterThan(50);
    expect(texts((await service([zone(records)])).targets.map(({ name }) => name))).toEqual([
      "heavy.ta.lab.",
      "light.ta.lab.",
      "z.ta.lab.",
    ]);
  });

  it.each(["ta.lab", "_imaps.ta.lab", "_imaps._quic.ta.lab", "imaps._tcp.ta.lab", "."])(
    "is not called %s",
    async (name) => {
      await expect(inWorld([], ({ resolver }) => planService(resolver, name))).rejects.toThrow(
        "is not the name of a service",
      );
    },
  );
});

describe("a plain TLS host", () => {
  const HTTPS = tlsaLine("_443._tcp.www", "2 1 1 root");
  it("is authenticated by its TLSA records", async () => {
    expect(await host([zone(`www A 192.0.2.1\n${HTTPS}`)])).toMatchObject({
      addresses: ["192.0.2.1"],
      action: { do: "authenticate", sni: "www.ta.lab" },
    });
  });
  it("that is an alias may show either name", async () => {
    const { action } = await host([
      zone(`www CNAME real\nreal A 192.0.2.1\n${tlsaLine("_443._tcp.real", "2 1 1 root")}`),
    ]);
    expect(action.do === "authenticate" && [action.sni, ...texts(action.names)]).toEqual([
      "real.ta.lab",
      "real.ta.lab.",
      "www.ta.lab.",
    ]);
  });
  it("goes by public PKIX where there are none", async () => {
    expect((await host([zone("www A 192.0.2.1")])).action).toMatchObject({
      do: "pkix",
      code: "tlsa absent",
      sni: "www.ta.lab",
    });
    expect((await host([zone(`www A 192.0.2.1\n${HTTPS}`, { signing: null })])).action).toMatchObject({
      do: "pkix",
      code: "address insecure",
    });
  });
  it("is not to be spoken to where they cannot be found out", async () => {
    expect(
      (await host([zone(`www A 192.0.2.1\n${HTTPS}`, strip("_443._tcp.www.ta.lab.", TYPE.TLSA))])).action,
    ).toMatchObject({ do: "skip", code: "tlsa failed" });
    expect((await host([zone(`www A 192.0.2.1\n${HTTPS}`, strip("www.ta.lab.", TYPE.A))])).action).toMatchObject({
      do: "skip",
      code: "address bogus",
    });
  });
  it("is not there", async () => {
    expect((await host([zone("")])).action).toMatchObject({ do: "skip", code: "no address", temporary: false });
    const action = await inWorld(
      [zone("")],
      async ({ resolver }) => (await planHost(resolver, "www.ta.lab", 443)).action,
      {
        servers: [{ name: "ns.ta.lab.", quirks: [fails(RCODE.SERVFAIL, forType(TYPE.A))] }],
      },
    );
    expect(action).toMatchObject({ do: "skip", code: "address failed", temporary: true });
  });
});
