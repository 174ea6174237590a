/**
 * ATTACKS section B, as the resolver meets it: every forged proof by name, with its reason, its extended error, its price,
 * and what the next question sees. How each is judged stands in test/dnssec; here nobody may be talked into it.
 */
import { describe, expect, test } from "vitest";
import { edit, type Injury, reserver, resign, rrsetOf } from "../../src/lab/injure.ts";
import { changes } from "../../src/lab/quirks.ts";
import type { Zone } from "../../src/lab/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack, type Seen, wound } from "./fixture.ts";

const goodLab = (change: (zone: Zone) => void): Injury => edit("good.lab.", change);
const www = "www.good.lab";

interface Row {
  readonly row: string;
  readonly world: Injury;
  readonly ask: readonly [name: string, type?: string];
  readonly want: Partial<Pick<Seen, "status" | "reason" | "ede" | "data">>;
  /** Asked afterwards: the attack leaves no trace. */
  readonly after?: readonly [name: string, status: Seen["status"]];
}

const BOGUS = (reason: string, ede: number): Row["want"] => ({ status: "bogus", reason, ede: [ede], data: [] });

/** The zone's RRset, signed as its owner would never sign it. */
const resigned = (owner: string, otherwise: Parameters<typeof resign>[2]): Injury =>
  goodLab((zone) => zone.set(resign(zone, rrsetOf(zone, owner, TYPE.A), otherwise)));

// biome-ignore format: a table reads better packed
const rows: readonly Row[] = [
  { row: "A-20: RRSIG labels below the signer", world: wound("labels below signer"), ask: [www], want: BOGUS("signature labels wrong", 6), after: ["nobody.lab", "secure"] },
  { row: "A-20: RRSIG labels above the owner", world: wound("labels above owner"), ask: [www], want: BOGUS("signature labels wrong", 6) },
  { row: "A-21: NSEC that leads out of its zone", world: wound("NSEC reaches out of its zone"), ask: ["nobody.good.lab"], want: BOGUS("denial malformed", 6), after: ["host.plain.lab", "insecure"] },
  { row: "A-22: NSEC3 impersonation", world: wound("NSEC3 impersonation"), ask: ["www.good.hash"], want: BOGUS("signature by wrong zone", 6) },
  { row: "A-25: the parent's NSEC at a cut denies what lies below", world: wound("delegation hidden by its own NSEC"), ask: [www], want: BOGUS("denial does not prove it", 12) },
  { row: "A-25: … and what the child has at its apex", world: wound("parent's NSEC denies the child's data"), ask: ["mx2.good.lab", "TLSA"], want: BOGUS("signature by wrong zone", 6) },
  { row: "A-26: the child denies its own DS", world: wound("DS denied by the child"), ask: [www], want: BOGUS("signature by wrong zone", 6) },
  { row: "A-29: wildcard without proof", world: wound("wildcard without proof"), ask: ["a.wild.good.lab"], want: BOGUS("wildcard without proof", 12), after: ["closer.wild.good.lab", "secure"] },
  { row: "A-29: wildcard with the proof of another name", world: wound("wildcard with wrong proof"), ask: ["a.wild.good.lab"], want: BOGUS("wildcard without proof", 12) },
  { row: "A-29: wildcard for a name that exists", world: wound("wildcard replayed for an existing name"), ask: ["closer.wild.good.lab"], want: BOGUS("wildcard without proof", 12) },
  { row: "A-29: hashed wildcard without proof", world: wound("NSEC3 wildcard without proof"), ask: ["a.wild.good.hash"], want: BOGUS("wildcard without proof", 12) },
  { row: "A-34: NSEC3 RRs of two chains", world: wound("NSEC3 of other parameters"), ask: ["nobody.good.hash"], want: BOGUS("denial malformed", 6) },
  { row: "A-37: no data, yet the CNAME bit is set", world: wound("CNAME bit ignored"), ask: ["mx2.good.lab", "TLSA"], want: BOGUS("denial does not prove it", 12) },
  { row: "A-37: no data, yet the type's bit is set", world: wound("existing type denied"), ask: ["_25._tcp.mx.good.lab", "TLSA"], want: BOGUS("denial does not prove it", 12) },
  { row: "A-39: DNAME and a CNAME that leads elsewhere", world: wound("forged synthesis"), ask: ["www.old.good.lab"], want: BOGUS("alias wrong", 6) },
  { row: "A-40: unknown algorithm beside a wrong DS", world: wound("unsupported beside wrong DS"), ask: [www], want: BOGUS("no key for DS", 9) },
  { row: "A-40: good SHA-1 beside a wrong SHA-256 DS", world: wound("SHA-1 DS beside wrong SHA-256 DS"), ask: [www], want: BOGUS("no key for DS", 9) },
  { row: "A-41: no signatures", world: wound("stripped signature"), ask: [www], want: BOGUS("signatures missing", 10) },
  { row: "A-41: DO ignored", world: wound("DO ignored"), ask: [www], want: BOGUS("signatures missing", 10) },
  { row: "A-41: FORMERR to EDNS", world: wound("FORMERR to EDNS"), ask: [www], want: BOGUS("signatures missing", 10) },
  { row: "A-42: revoked key", world: wound("revoked key"), ask: [www], want: BOGUS("no key for DS", 9) },
  { row: "A-42: key without the zone bit", world: wound("no zone key flag"), ask: [www], want: BOGUS("no zone key", 11) },
  { row: "A-43: signature over another type", world: resigned(www, { typeCovered: TYPE.AAAA }), ask: [www], want: BOGUS("signatures missing", 10) },
  { row: "A-43: signature by another zone", world: wound("signed by the parent"), ask: [www], want: BOGUS("signature by wrong zone", 6) },
  { row: "A-44: forged NSEC3 with many iterations", world: wound("500 iterations, bad signature"), ask: ["nobody.good.hash"], want: BOGUS("signature wrong", 6) },
  { row: "A-44: genuine NSEC3 with many iterations, positives untouched", world: wound("500 iterations"), ask: ["nobody.good.hash"], want: { status: "insecure", reason: "too many iterations", ede: [27], data: [] }, after: ["www.good.hash", "secure"] },
  { row: "A-36: an empty non-terminal is no name error", world: (same) => same, ask: ["empty.good.lab"], want: { status: "secure", reason: null, data: [] }, after: ["leaf.empty.good.lab", "secure"] },
  { row: "A-36: a hashed one neither", world: (same) => same, ask: ["empty.good.hash"], want: { status: "secure", reason: null, data: [] }, after: ["leaf.empty.good.hash", "secure"] },
  { row: "A-36: an empty non-terminal stays one, whatever rcode comes with its denial", world: reserver("ns.good.lab.", changes(() => ({ rcode: RCODE.NXDOMAIN }), ({ question }) => question.name.equals(Name.parse("empty.good.lab")))), ask: ["empty.good.lab"], want: { status: "secure", reason: null, data: [] }, after: ["leaf.empty.good.lab", "secure"] },
];

describe("forged proofs", () => {
  for (const { row, world, ask, want, after } of rows) {
    test(row, async () => {
      await attack({ world }, async (scene) => {
        const [name, type = "A"] = ask;
        const victim = await scene.ask(name, type);
        expect(victim).toMatchObject(want);
        expect(victim.cost.packets).toBeLessThanOrEqual(20);
        expect(victim.cost.signatures).toBeLessThanOrEqual(24);
        const again = await scene.ask(name, type);
        expect(again).toMatchObject({ status: victim.status, cost: { packets: 0, signatures: 0 } });
        if (after !== undefined) expect(await scene.ask(after[0])).toMatchObject({ status: after[1] });
      });
    });
  }
});
