import { describe, expect, it } from "vitest";
import { base32Hex, nsec3Hash, nsec3Owner } from "../../src/lab/chains.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { demoWorld } from "../../src/lab/worlds/demo.ts";
import { LAB_NOW, world } from "../../src/lab/wounds.ts";
import type { LabRRset, Zone } from "../../src/lab/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { decodeRdata } from "../../src/wire/rdata.ts";
import { type RRType, TYPE, typeToText } from "../../src/wire/registry.ts";

const zones = [...world().zones.values(), ...buildWorld(demoWorld, LAB_NOW).zones.values()];
const withNsec = zones.filter(({ denialStyle, denials }) => denialStyle?.kind === "nsec" && denials.length > 0);
const withNsec3 = zones.filter(({ denialStyle, denials }) => denialStyle?.kind === "nsec3" && denials.length > 0);

const nsec = (rrset: LabRRset) => decodeRdata(TYPE.NSEC, rrset.data[0]);
const nsec3 = (rrset: LabRRset) => decodeRdata(TYPE.NSEC3, rrset.data[0]);
const words = (types: Iterable<RRType>) => [...types].sort((a, b) => a - b).map(typeToText);

/** What the bitmap at a name must say, worked out apart from the signer. */
function typesAt(zone: Zone, name: Name): RRType[] {
  const all = [...zone.node(name)!.rrsets.keys()];
  const isCut = !name.equals(zone.apex) && all.includes(TYPE.NS);
  return isCut ? all.filter((type) => type === TYPE.NS || type === TYPE.DS) : all;
}

describe("NSEC chains", () => {
  it.each(withNsec)("of $apex are a ring through all names with data, in order", (zone) => {
    const owners = zone.denials.map(({ name }) => name);
    expect(owners[0]!.equals(zone.apex)).toBe(true);
    for (const [i, rrset] of zone.denials.entries()) {
      expect(nsec(rrset).next.equals(owners[(i + 1) % owners.length]!)).toBe(true);
      if (i > 0) expect(owners[i - 1]!.key < owners[i]!.key).toBe(true);
    }
    const withData = zone.ownNames().filter(({ rrsets }) => rrsets.size > 0);
    expect(owners.map(String)).toEqual(withData.map(({ name }) => String(name)));
  });

  it.each(withNsec)("of $apex say which types are there, RRSIG and NSEC included", (zone) => {
    for (const rrset of zone.denials)
      expect(words(nsec(rrset).types)).toEqual(words([...typesAt(zone, rrset.name), TYPE.RRSIG, TYPE.NSEC]));
  });

  it.each(withNsec)("of $apex and all its RRsets are signed, but neither glue nor the NS of a cut", (zone) => {
    for (const { signatures } of zone.denials) expect(signatures.length).toBeGreaterThan(0);
    for (const { name, rrsets } of zone.nodes.values()) {
      for (const [type, { signatures }] of rrsets) {
        const standing = zone.standing(name);
        const signed = standing === "authoritative" || (standing === "cut" && type === TYPE.DS);
        // The demo's own wounds strip and keep signatures as they please.
        if (!signed) expect(signatures).toEqual([]);
        else if (!`${zone.apex}`.endsWith("broken.")) expect(signatures.length).toBeGreaterThan(0);
      }
    }
  });
});

describe("NSEC3 chains", () => {
  it("hash as RFC 5155 Appendix A does", () => {
    const salt = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd);
    const vectors = {
      example: "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
      "a.example": "35mthgpgcu1qg68fab165klnsnk3dpvl",
      "ns1.example": "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
      "*.w.example": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
      "x.y.w.example": "2vptu5timamqttgl4luu9kg21e0aor3s",
    };
    for (const [name, hash] of Object.entries(vectors))
      expect(base32Hex(nsec3Hash(Name.parse(name), salt, 12))).toBe(hash);
  });

  it.each(withNsec3)("of $apex are a ring in the order of hashes", (zone) => {
    const owners = zone.denials.map(({ name }) => name);
    for (const [i, rrset] of zone.denials.entries()) {
      expect(nsec3Owner(nsec3(rrset).nextHashed, zone.apex).equals(owners[(i + 1) % owners.length]!)).toBe(true);
      if (i > 0) expect(owners[i - 1]!.key < owners[i]!.key).toBe(true);
    }
  });

  it.each(withNsec3)(
    "of $apex hold every name, empty non-terminals too; with opt-out unsigned cuts are left out",
    (zone) => {
      if (zone.denialStyle?.kind !== "nsec3") throw new TypeError("filtered above");
      const { salt, iterations, optOut } = zone.denialStyle;
      for (const { name } of zone.ownNames()) {
        const owner = nsec3Owner(nsec3Hash(name, salt, iterations), zone.apex);
        const rrset = zone.denials.find((candidate) => candidate.name.equals(owner));
        const types = typesAt(zone, name);
        const isUnsignedCut = zone.standing(name) === "cut" && !types.includes(TYPE.DS);
        if (optOut && isUnsignedCut) {
          expect(rrset).toBeUndefined();
          continue;
        }
        const signed = !isUnsignedCut && types.length > 0;
        expect(words(nsec3(rrset!).types)).toEqual(words(signed ? [...types, TYPE.RRSIG] : types));
        expect(nsec3(rrset!)).toMatchObject({ hashAlgorithm: 1, flags: optOut ? 1 : 0, iterations });
      }
    },
  );

  it("have their parameters at the apex", () => {
    const rdata = world().zone("good.hash").get(Name.parse("good.hash"), TYPE.NSEC3PARAM)!.data[0];
    expect([...rdata]).toEqual([1, 0, 0, 1, 2, 0xab, 0xcd]);
  });

  it("with opt-out leave out empty non-terminals above nothing but unsigned cuts, and keep the others", () => {
    const optOut = buildWorld(
      {
        zones: [
          { apex: "." },
          { apex: "tld.", signing: { denial: { optOut: true } }, records: "kept.ent A 192.0.2.1" },
          { apex: "child.gone.tld.", signing: null },
        ],
      },
      LAB_NOW,
    );
    const owners = optOut.zone("tld").denials.map(({ name }) => name.key);
    const has = (name: string) =>
      owners.includes(nsec3Owner(nsec3Hash(Name.parse(name), new Uint8Array(0), 0), Name.parse("tld")).key);
    expect(["tld", "ent.tld", "kept.ent.tld", "ns.tld"].map(has)).toEqual([true, true, true, true]);
    expect(["gone.tld", "child.gone.tld"].map(has)).toEqual([false, false]);
  });
});
