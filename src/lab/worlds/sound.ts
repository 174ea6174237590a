/** The one correct world that wounds.ts wounds: small, quick to sign, with one of each thing that can be broken. */
import type { WorldDescription } from "../world.ts";

/** SHA-256 of nothing in particular: the lab's hosts have no keys to match it. */
const TLSA_DIGEST = "8cb3f6f5b8a1d0c94e7ab2f5d6c3e1f00912a3b4c5d6e7f8091a2b3c4d5e6f70";

const both = [
  { role: "ksk", algorithm: 13 },
  { role: "zsk", algorithm: 13 },
] as const;

export const soundWorld: WorldDescription = {
  zones: [
    { apex: ".", signing: { keys: both } },
    { apex: "lab.", signing: { keys: both } },
    {
      apex: "good.lab.",
      records: `
        @            A      192.0.2.1
        @            MX     10 mx
        mx           A      192.0.2.25
        mx           AAAA   2001:db8::25
        _25._tcp.mx  TLSA   3 1 1 ${TLSA_DIGEST}
        mx2          A      192.0.2.26
        www          A      192.0.2.80
        www          TXT    "hello"
        alias        CNAME  www
        far          CNAME  www.good.hash.
        away         CNAME  host.plain.lab.
        round        CNAME  about
        about        CNAME  round
        *.wild       A      192.0.2.99
        closer.wild  A      192.0.2.98
        leaf.empty   A      192.0.2.97
        old          DNAME  new
        www.new      A      192.0.2.81
        big          TXT    ${bigText()}
      `,
    },
    { apex: "plain.lab.", signing: null, records: "host A 192.0.2.90" },
    {
      apex: "hash.",
      signing: { denial: { iterations: 0 } },
      records: "www.deep A 192.0.2.100",
    },
    {
      apex: "good.hash.",
      signing: { denial: { iterations: 1, salt: Uint8Array.of(0xab, 0xcd) } },
      records: `
        www         A     192.0.2.101
        *.wild      A     192.0.2.102
        leaf.empty  A     192.0.2.103
        mx          A     192.0.2.104
      `,
    },
    { apex: "plain.hash.", signing: null, records: "host A 192.0.2.91" },
    { apex: "optout.", signing: { denial: { optOut: true } }, records: "www A 192.0.2.105" },
    { apex: "good.optout.", records: "www A 192.0.2.106" },
    { apex: "plain.optout.", signing: null, records: "host A 192.0.2.107" },
  ],
};

/** More than a datagram holds, in strings of 200 octets. */
function bigText(): string {
  return Array.from({ length: 10 }, (_, i) => `"${String.fromCharCode(97 + i).repeat(200)}"`).join(" ");
}
