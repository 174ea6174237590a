/** DNSKEY fields that make a key unusable, and one that means nothing. RFC 4034 §2.1, RFC 6840 §6.2. */
import { expect, test } from "vitest";
import { alter, edit, together } from "../../src/lab/injure.ts";
import { withSignatures } from "../../src/lab/sign-zone.ts";
import { dsRdata, keyFor, type SigningKey } from "../../src/lab/signer.ts";
import type { Zone } from "../../src/lab/zone.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { story } from "./story.ts";

const PROTOCOL = 2;
const FLAGS = 1;
const key = keyFor({ zone: Name.parse("good.lab"), role: "csk", algorithm: 13 });

/** good.lab. with its only key changed in one octet, signed with it, and delegated to it. */
function withKey(change: (rdata: Uint8Array) => void) {
  const rdata = key.rdata.slice();
  change(rdata);
  const changed: SigningKey = { ...key, rdata, tag: keyTag(rdata) };
  return together(
    edit("good.lab.", (zone: Zone) => {
      alter(zone, ["good.lab.", TYPE.DNSKEY], () => ({ data: [rdata] }));
      zone.signedWith = { ...zone.signedWith!, keys: [changed] };
      for (const { rrsets } of zone.nodes.values())
        for (const rrset of rrsets.values())
          if (rrset.signatures.length > 0) rrsets.set(rrset.type, withSignatures(zone, rrset));
    }),
    edit("lab.", (zone: Zone) => {
      const ds = zone.get(Name.parse("good.lab"), TYPE.DS)!;
      zone.set(withSignatures(zone, { ...ds, data: [dsRdata(changed)] }));
    }),
  );
}

test("A-42: a key of another protocol than DNSSEC signs nothing", () =>
  story({ world: withKey((rdata) => (rdata[PROTOCOL] = 4)) }, async (it) => {
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "bogus", data: [] });
    expect(it.transcript()).toContain("good.lab. DNSKEY > ns.good.lab.");
  }));

test("A-42: the SEP flag means nothing to a validator: a DS may name a key without it", () =>
  story({ world: withKey((rdata) => (rdata[FLAGS]! &= ~1)) }, async (it) => {
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
  }));
