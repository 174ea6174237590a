/**
 * validateResponse against a model: zones made by chance, responses put together from everything a thief could have copied
 * or written himself. Whatever comes out as secure must be true in the zone, and nothing may throw or cost too much.
 */
import fc from "fast-check";
import type { Judge } from "../../src/dnssec/judge.ts";
import { validateAlias, validateResponse } from "../../src/dnssec/response.ts";
import { WorkBudget } from "../../src/dnssec/work.ts";
import { judgeCut } from "../../src/dnssec/zone.ts";
import { nsec3Rdata, nsecRdata } from "../../src/lab/chains.ts";
import { isOfType, type RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";
import { APEX, type Denials, type Model, modelOf, NOW, type Node, trustedZone, truthOf } from "./model.ts";
import type { Target } from "./targets.ts";
import { unsafeEngine, WRONG } from "./unsafe-engine.ts";

const labels = fc.constantFrom("a", "b", "c", "*", "zz", "_tcp", "!", "~", "A");
const below = fc.array(labels, { maxLength: 4 }).map((path) => Name.parse([...path, "z", "p"].join(".")));
const anywhere: fc.Arbitrary<Name> = fc.oneof(
  { weight: 8, arbitrary: below },
  { weight: 1, arbitrary: fc.constantFrom(Name.root, Name.parse("p"), Name.parse("y.p"), Name.parse("zz.p")) },
);
const asked = fc.constantFrom<number>(
  TYPE.A,
  TYPE.TXT,
  TYPE.DS,
  TYPE.NS,
  TYPE.CNAME,
  TYPE.SOA,
  TYPE.TLSA,
  TYPE.DNAME,
  TYPE.NSEC,
);

/** A node's types as a sane zone has them. */
const node: fc.Arbitrary<Node> = fc
  .tuple(below, fc.constantFrom("data", "data", "both", "alias", "cut", "signed cut", "dname", "empty"))
  .map(([name, shape]) => {
    if (name.equals(APEX)) return { name, types: [TYPE.A] };
    const wild = name.firstLabel.length === 1 && name.firstLabel[0] === 0x2a;
    switch (shape) {
      case "both":
        return { name, types: [TYPE.A, TYPE.TXT] };
      case "alias":
        return { name, types: [TYPE.CNAME] };
      case "cut":
        return { name, types: wild ? [TYPE.TXT] : [TYPE.NS] };
      case "signed cut":
        return { name, types: wild ? [TYPE.TXT] : [TYPE.NS, TYPE.DS] };
      case "dname":
        return { name, types: wild ? [TYPE.TXT] : [TYPE.DNAME] };
      case "empty":
        return { name: name.child("deep") ?? name, types: [TYPE.TXT] };
      default:
        return { name, types: [TYPE.A] };
    }
  });

const denials: fc.Arbitrary<Denials> = fc.oneof(
  fc.constant<Denials>({ kind: "nsec" }),
  fc.record({ kind: fc.constant("nsec3" as const), optOut: fc.boolean(), iterations: fc.constantFrom(0, 1, 50, 51) }),
);

/** A node shown twice keeps its first shape: an alias has no neighbours. */
const model: fc.Arbitrary<Model> = fc
  .tuple(fc.uniqueArray(node, { maxLength: 8, selector: ({ name }) => name.key }), denials)
  .map(([nodes, style]) => modelOf(nodes, style));

/** One record of the loot, as it is or in another place, or a forgery beside it. */
interface Pick {
  readonly which: number;
  readonly owner: Name | null;
  readonly forged: boolean;
  readonly labels: number | null;
}
const pick: fc.Arbitrary<Pick> = fc.record({
  which: fc.nat(60),
  owner: fc.option(anywhere, { freq: 3 }),
  forged: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  labels: fc.option(fc.nat(5), { freq: 12 }),
});

function picked(from: readonly RRset[], { which, owner, forged, labels: count }: Pick): RRset | null {
  if (from.length === 0) return null;
  const found = from[which % from.length]!;
  const signatures = found.signatures.map((signature) => ({
    ...signature,
    // A thief can change any field; then the signature is no good any more.
    ...(count === null || count === signature.labels ? {} : { labels: count, signature: WRONG }),
    ...(forged ? { signature: WRONG } : {}),
  }));
  return moved({ ...found, signatures }, owner);
}

/** A signature covers the owner, but for what a wildcard left open. RFC 4035 §5.3.2. */
function moved(rrset: RRset, owner: Name | null): RRset {
  if (owner === null) return rrset;
  const [signature] = rrset.signatures;
  const source = signature === undefined ? null : rrset.name;
  const isExpansion =
    source !== null &&
    source.firstLabel.length === 1 &&
    source.firstLabel[0] === 0x2a &&
    owner.isStrictlyWithin(source.parent()!);
  const holds = owner.equals(rrset.name) || isExpansion;
  return {
    ...rrset,
    name: owner,
    signatures: holds ? rrset.signatures : rrset.signatures.map((one) => ({ ...one, signature: WRONG })),
  };
}

export const scene = fc.record({
  model,
  name: anywhere,
  type: asked,
  kind: fc.constantFrom("answer" as const, "no data" as const, "name error" as const),
  answer: pick,
  authority: fc.array(pick, { maxLength: 6 }),
  withSoa: fc.boolean(),
  honest: fc.boolean(),
});

const limits = { signatures: 64, failedSignatures: 8, hashes: 1000, digests: 64, queries: 0, octets: 0, nsLookups: 0 };

export function judge(): { by: Judge; engine: ReturnType<typeof unsafeEngine> } {
  const engine = unsafeEngine();
  const policy = {
    algorithms: new Set([8, 13, 15]),
    digests: new Set([1, 2, 4]),
    inceptionSkew: 60,
    expirationSkew: 0,
    nsec3Iterations: 50,
    nsec3PerResponse: 8,
    signaturesPerRRset: 8,
    keysPerTag: 4,
    dsPerZone: 8,
  };
  return { by: { now: NOW, engine, work: new WorkBudget(limits), policy }, engine };
}

const same = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((octets, i) => Buffer.compare(octets, b[i]!) === 0);

export function mustBe(holds: boolean, why: () => string): void {
  if (!holds) throw new Error(why());
}

function within(engine: ReturnType<typeof unsafeEngine>, before: number): void {
  mustBe(engine.done.verifications - before <= limits.signatures, () => `${engine.done.verifications} verifications`);
  mustBe(engine.done.rounds <= limits.hashes, () => `${engine.done.rounds} hash rounds`);
}

export const authorityOf = ({
  model: { loot, denials: style },
  authority,
  honest,
}: {
  model: Model;
  authority: readonly Pick[];
  honest: boolean;
}): RRset[] => {
  const wanted = style.kind === "nsec" ? TYPE.NSEC : TYPE.NSEC3;
  const denying = loot.filter((rrset) => rrset.type === wanted);
  // Half of the time everything genuine is there as well: a thief adds to a good proof.
  const all = honest ? denying.slice(0, 8) : [];
  return [...all, ...authority.flatMap((one) => picked(denying, one) ?? [])];
};

export const proofProperties: readonly Target[] = [
  {
    name: "responses",
    holds: "what comes out secure is true in the zone; nothing throws, nothing costs more than its budget",
    property: fc.property(scene, (input) => {
      const { model: world, name, type, kind } = input;
      fc.pre(name.isWithin(APEX) && type !== TYPE.NSEC);
      const { by, engine } = judge();
      const zone = trustedZone(by);
      const before = engine.done.verifications;
      const authority = authorityOf(input);
      const soa = world.loot.find((rrset) => isOfType(rrset, TYPE.SOA) && rrset.name.equals(APEX)) as RRset<
        typeof TYPE.SOA
      >;
      const question = { name, type, class: 1 };
      let verdict: ReturnType<typeof validateResponse>;
      if (kind === "answer") {
        const rrset = picked(
          world.loot.filter((one) => one.type === type),
          { ...input.answer, owner: name },
        );
        if (rrset === null) return;
        verdict = validateResponse({ kind, question, rrsets: [rrset], authority }, zone, by);
      } else {
        const soas = input.withSoa ? [soa] : [];
        verdict = validateResponse(
          { kind, question, soa: input.withSoa ? soa : null, authority: [...soas, ...authority] },
          zone,
          by,
        );
      }
      within(engine, before);
      const truth = truthOf(world, name, type);
      const where = (): string =>
        `${name} ${typeToText(type)}: ${verdict.status} ${"value" in verdict ? verdict.value.kind : ""}, but the zone says ${truth.kind}`;
      if (verdict.status === "insecure") {
        const excuse = world.denials.kind === "nsec3" && (world.denials.optOut || world.denials.iterations > 50);
        mustBe(excuse, () => `insecure without opt-out or iterations: ${where()}`);
      }
      if (verdict.status !== "secure") return;
      mustBe(verdict.value.kind === truth.kind, where);
      if (truth.kind === "answer")
        mustBe(same(verdict.value.rrsets[0]!.data, truth.rrset!.data), () => `other data: ${where()}`);
    }),
  },
  {
    name: "cuts",
    holds: "a delegation is insecure only where the zone has one without DS, or where an opt-out span may hide one",
    property: fc.property(scene, (input) => {
      const { model: world, name } = input;
      fc.pre(name.isStrictlyWithin(APEX));
      const { by, engine } = judge();
      const zone = trustedZone(by);
      const before = engine.done.verifications;
      const cut = judgeCut(zone, { zone: name, ds: null, evidence: authorityOf(input) }, by);
      within(engine, before);
      if (cut.kind !== "insecure") return;
      const here = world.zone.node(name)?.rrsets;
      const isUnsigned = here?.has(TYPE.NS) === true && !here.has(TYPE.DS) && world.zone.standing(name) === "cut";
      const style = world.denials;
      const mayHide =
        style.kind === "nsec3" &&
        (style.iterations > 50 ||
          (style.optOut &&
            (here === undefined || isUnsigned || here.size === 0 || world.zone.standing(name) === "occluded")));
      mustBe(isUnsigned || mayHide, () => `${name} was taken for an unsigned delegation`);
    }),
  },
  {
    name: "random denial records",
    holds: "NSEC and NSEC3 RDATA of any content, signed, neither throws nor costs more than its budget",
    property: fc.property(
      fc.record({
        name: below,
        type: asked,
        kind: fc.constantFrom("no data" as const, "name error" as const),
        records: fc.array(
          fc.record({
            owner: anywhere,
            next: anywhere,
            hash: fc.uint8Array({ minLength: 20, maxLength: 20 }),
            types: fc.uniqueArray(asked, { maxLength: 6 }),
            hashed: fc.boolean(),
            optOut: fc.boolean(),
            iterations: fc.constantFrom(0, 1, 50, 51, 65535),
            salt: fc.uint8Array({ maxLength: 255 }),
          }),
          { maxLength: 10 },
        ),
      }),
      ({ name, type, kind, records }) => {
        const { by, engine } = judge();
        const zone = trustedZone(by);
        const before = engine.done.verifications;
        const world = modelOf([], { kind: "nsec" });
        const [template] = world.loot;
        const authority = records.map(({ owner, next, hash, types, hashed, optOut, iterations, salt }): RRset => {
          const plain = nsecRdata(
            Name.parse(/[\0\u0080-\uffff]/.test(`${next}`) || `${next}`.includes("\\") ? "a.z.p" : `${next}`),
            types,
          );
          const data = hashed ? nsec3Rdata({ iterations, salt, optOut, next: hash, types }) : plain;
          const covered = hashed ? TYPE.NSEC3 : TYPE.NSEC;
          const signature = { ...template!.signatures[0]!, typeCovered: covered, labels: owner.labelCount };
          return { name: owner, type: covered, ttl: 60, data: [data], signatures: [signature] };
        });
        validateResponse({ kind, question: { name, type, class: 1 }, soa: null, authority }, zone, by);
        within(engine, before);
      },
    ),
  },
];

export const aliasProperties: readonly Target[] = [
  {
    name: "aliases",
    holds: "a secure alias stands in the zone, and leads where the zone says",
    property: fc.property(scene, fc.option(anywhere, { nil: null }), (input, received: Name | null) => {
      const { model: world, name } = input;
      fc.pre(name.isWithin(APEX));
      const aliases = world.loot.filter(({ type }) => type === TYPE.CNAME || type === TYPE.DNAME);
      const found = picked(aliases, { ...input.answer, owner: null });
      if (found === null) return;
      const alias = found.type === TYPE.CNAME ? moved(found, name) : found;
      fc.pre(alias.type === TYPE.CNAME || name.isStrictlyWithin(alias.name));
      const { by, engine } = judge();
      const zone = trustedZone(by);
      const before = engine.done.verifications;
      const seen: RRset | null =
        received === null || alias.type === TYPE.CNAME
          ? null
          : { name, type: TYPE.CNAME, ttl: 60, data: [received.wire], signatures: [] };
      const verdict = validateAlias(
        {
          kind: "alias",
          question: { name, type: TYPE.A, class: 1 },
          alias,
          target: null,
          received: seen,
          authority: authorityOf(input),
        },
        zone,
        by,
      );
      within(engine, before);
      if (verdict.status !== "secure" || alias.type !== TYPE.CNAME) return;
      const truth = truthOf(world, name, TYPE.TLSA);
      mustBe(truth.kind === "alias", () => `${name} is a secure alias, but the zone says ${truth.kind}`);
    }),
  },
];
