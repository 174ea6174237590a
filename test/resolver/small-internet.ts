/** A signed Internet in memory with a record of every shape, and a resolver in it on a virtual clock. */
import type { ResolutionEvent } from "../../src/env/events.ts";
import { type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { alter } from "../../src/lab/injure.ts";
import { silent } from "../../src/lab/quirks.ts";
import { buildWorld, type World, type WorldDescription } from "../../src/lab/world.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { ResolverOptions } from "../../src/resolver/create.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { resolverIn } from "../lab/resolver.ts";

export const NOW = 1_800_000_000;
export const DIGEST = "ab".repeat(32);

export const description: WorldDescription = {
  zones: [
    { apex: "." },
    { apex: "lab." },
    {
      apex: "arpa.",
      records: `25.2.1.5.in-addr PTR mx.good.lab.
1.${"0.".repeat(27)}0.0.a.2.ip6 PTR six.good.lab.`,
    },
    {
      apex: "good.lab.",
      records: `
        @              3600 MX    10 mx
        @                   MX    20 mx2
        @              600  A     5.1.2.80
        @                   CAA   0 issue "ca.example"
        @                   CAA   128 iodef "mailto:a@good.lab"
        @                   TXT   "v=spf1 mx" " -all"
        @                   TXT   "caf\\195\\169"
        mx             300  A     5.1.2.25
        mx             900  AAAA  2a00::25
        mx2                 A     5.1.2.26
        four                A     5.1.2.4
        six                 AAAA  2a00::6
        many                A     5.1.2.1
        many                A     5.1.2.2
        many                AAAA  2a00::1
        _25._tcp.mx    120  TLSA  3 1 1 ${DIGEST}
        _25._tcp.mx    120  TLSA  2 0 2 ${"cd".repeat(64)}
        _25._tcp.mx2        TLSA  3 1 1 ${DIGEST}
        _imaps._tcp         SRV   1 2 993 mx
        _sip                NAPTR 100 50 "s" "SIP+D2U" "!^.*$!sip:a@b!" _imaps._tcp
        www                 CNAME four
        away                CNAME host.plain.lab.
        nullmx              MX    0 .
        key                 SSHFP 4 2 ${"11".repeat(32)}
        key                 HINFO "cpu" "os"
        key                 TYPE65280 \\# 3 010203
        https               HTTPS 1 . alpn=h2
        *.wild              A     5.1.2.77
      `,
    },
    {
      apex: "plain.lab.",
      signing: null,
      records: `
        host           A     5.9.9.9
        _25._tcp.host  TLSA  3 1 1 ${DIGEST}
        @              MX    10 mx.good.lab.
      `,
    },
    {
      apex: "moved.lab.",
      records: `
        @              MX    10 mail
        mail           CNAME mx.good.lab.
        _25._tcp.only  TLSA  3 1 1 ${DIGEST}
        only           CNAME host.plain.lab.
      `,
    },
    {
      apex: "bogus.lab.",
      records: `
        @              MX    10 mx
        mx             A     5.3.3.3
        mx             AAAA  2a00::33
        _25._tcp.mx    TLSA  3 1 1 ${DIGEST}
        half           A     5.3.3.4
        half           AAAA  2a00::34
      `,
      edit: (zone) => {
        for (const [name, type] of [
          ["mx.bogus.lab", TYPE.A],
          ["mx.bogus.lab", TYPE.AAAA],
          ["bogus.lab", TYPE.MX],
          ["half.bogus.lab", TYPE.AAAA],
        ] as const)
          alter(zone, [name, type], () => ({ signatures: [] }));
        alter(zone, ["_25._tcp.mx.bogus.lab", TYPE.TLSA], () => ({ signatures: [] }));
      },
    },
    // NSEC3, since the lab cannot write such a name into an NSEC record.
    {
      apex: "odd.lab.",
      signing: { denial: { iterations: 0 } },
      records: "dot CNAME a\\.b\na\\.b A 5.1.2.99\nmail MX 10 a\\.b",
    },
    { apex: "silent.lab.", servers: ["ns.silent.lab."] },
  ],
  servers: [{ name: "ns.silent.lab.", quirks: [silent()] }],
};

export interface SmallInternet {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly resolver: Resolver;
  readonly events: ResolutionEvent[];
}

export function smallInternet(
  options: Partial<ResolverOptions> = {},
  { zones, servers }: WorldDescription = description,
): SmallInternet {
  const clock = virtualClock({ unixSeconds: NOW });
  const world = buildWorld({ zones, ...(servers === undefined ? {} : { servers }) }, NOW, { clock });
  const events: ResolutionEvent[] = [];
  const resolver = resolverIn(world, clock, { onEvent: (event) => events.push(event), ...options });
  return { clock, world, resolver, events };
}
