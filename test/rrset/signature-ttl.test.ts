import { expect, test } from "vitest";
import { groupRRsets } from "../../src/rrset/rrset.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { parseZone } from "../../src/wire/zonefile.ts";

const rrsig = "RRSIG A 13 2 3600 20260310000000 20260301000000 1 example.com. AAAA";

test("an RRset lives no longer than the RRSIGs that came with it (RFC 4035 §5.3.3)", () => {
  const records = (signatureTtl: number) =>
    parseZone(`example.com. 3600 IN A 192.0.2.1\nexample.com. ${signatureTtl} IN ${rrsig}\n`);
  expect(groupRRsets(records(60)).rrsets[0]!).toMatchObject({ type: TYPE.A, ttl: 60, signatures: { length: 1 } });
  expect(groupRRsets(records(7200)).rrsets[0]!.ttl).toBe(3600);
});

test("an RRSIG over another type leaves it alone", () => {
  const [a] = groupRRsets(
    parseZone(`example.com. 3600 IN A 192.0.2.1\nexample.com. 5 IN ${rrsig.replace("RRSIG A", "RRSIG TXT")}\n`),
  ).rrsets;
  expect(a).toMatchObject({ ttl: 3600, signatures: [] });
});
