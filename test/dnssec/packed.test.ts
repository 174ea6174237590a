/** Answers at rest: nothing is lost on the way into a packed form and out of it, and nothing can be slipped into it. */
import { describe, expect, test } from "vitest";
import { AnswerCache } from "../../src/cache/answers.ts";
import type { AnswerData } from "../../src/dnssec/answer.ts";
import { PackedAnswer } from "../../src/dnssec/packed.ts";
import { Insecure, Secure } from "../../src/dnssec/verdict.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import type { WorldDescription } from "../../src/lab/world.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { scene } from "../resolver/scene.ts";

const records = `
  @            MX    10 mx
  mx           A     5.1.2.3
  mx           A     5.1.2.4
  _25._tcp.mx  TLSA  3 1 1 ${"5a".repeat(32)}
  LeTTers      TXT   "one" "two"
  *.wild       A     5.1.2.5
`;
const world: WorldDescription = {
  zones: [
    { apex: "." },
    { apex: "nsec.", records },
    { apex: "nsec3.", records, signing: { denial: { iterations: 0 } } },
    { apex: "optout.", records, signing: { denial: { optOut: true } } },
    { apex: "plain.", records, signing: null },
  ],
};

async function judged(name: string, type: string): Promise<Secure<AnswerData> | Insecure<AnswerData>> {
  let found: Secure<AnswerData> | Insecure<AnswerData> | null = null;
  await scene({ world: () => world }, async ({ ask }) => {
    const { verdict } = (await ask(name, type)).answer;
    if (verdict.status === "secure" || verdict.status === "insecure") found = verdict;
  });
  if (found === null) throw new Error(`${name} ${type} is neither secure nor insecure`);
  return found;
}

const questions = ["nsec", "nsec3", "optout", "plain"].flatMap((zone) => [
  [`${zone}.`, "MX"],
  [`mx.${zone}.`, "A"],
  [`_25._tcp.mx.${zone}.`, "TLSA"],
  [`lEttErs.${zone}.`, "TXT"],
  [`any.thing.wild.${zone}.`, "A"],
  [`mx.${zone}.`, "TLSA"],
  [`nobody.${zone}.`, "A"],
  [`${zone}.`, "ANY"],
]) as readonly (readonly [string, string])[];

/** Without what is computed at need. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Uint8Array ? [...each] : each instanceof Set ? [...each] : each,
    ),
  );

describe("out of it comes what went in", () => {
  test.each(questions)("%s %s", async (name, type) => {
    const before = await judged(name, type);
    const packed = PackedAnswer.of(before);
    if (packed === null) throw new Error("not packed");
    const after = packed.unpacked();
    expect(after.status).toBe(before.status);
    expect(plain(after.value)).toEqual(plain(before.value));
    if (after.status === "insecure" || before.status === "insecure") {
      expect(after.status === "insecure" && before.status === "insecure" && after.why === before.why).toBe(true);
      expect(Insecure.is(after)).toBe(true);
      return;
    }
    expect(Secure.is(after)).toBe(true);
    expect(plain(after.proof)).toEqual(plain(before.proof));
    after.proof.parts.forEach((part, i) => {
      expect(part.zone, "the very chain").toBe(before.proof.parts[i]!.zone);
      expect(part.key, "the very key").toBe(before.proof.parts[i]!.key);
      expect(part.rrset.signatures).toContain(part.signature);
      const own = [...after.value.rrsets, ...after.value.authority];
      expect(
        own.some((rrset) => rrset.data === part.rrset.data),
        "rests on its own records",
      ).toBe(true);
    });
  });
});

describe("nothing else goes in", () => {
  test("a look-alike is refused", async () => {
    const { status, value } = await judged("mx.nsec.", "A");
    const forged = { status, value, proof: { parts: [], validUntil: 2 ** 40 } } as unknown as Secure<AnswerData>;
    expect(() => PackedAnswer.of(forged)).toThrow("only what validation made can be packed");
  });

  test("the octets cannot be reached", async () => {
    const packed = PackedAnswer.of(await judged("mx.nsec.", "A"))!;
    expect(Object.keys(packed)).toEqual([]);
    expect(JSON.stringify(packed)).toBe("{}");
  });

  test("there is no other way to make one", () => {
    const Constructor = PackedAnswer as unknown as new (octets: string, grounds: object) => PackedAnswer;
    const forged = (): unknown =>
      new Constructor("\u0000", { status: "secure", validUntil: 2 ** 40, keys: [], zones: [] });
    expect(forged).toThrow("packed by PackedAnswer.of only");
  });
});

test("the cache gives the same answers after thousands of others pushed them to rest", async () => {
  const verdict = await judged("mx.nsec.", "A");
  const clock = virtualClock({ unixSeconds: 1_800_000_000 });
  const cache = new AnswerCache(clock, { maxOctets: 64_000_000, entryOctets: 65_536 });
  const name = (i: number): Name => Name.parse(`mx${i}.nsec.`);
  const until = 1_800_100_000;
  for (let i = 0; i < 10_000; i++) cache.remember(name(i), TYPE.A, { kind: "end", verdict, notes: [] }, 3600, until);
  expect(cache.size).toBe(10_000);
  for (const i of [0, 5000, 9999, 0]) {
    const stored = cache.get(name(i), TYPE.A)!;
    expect(stored).toMatchObject({ storedMs: 0, expiresMs: 3_600_000, validUntil: until });
    const { link } = stored;
    if (link.kind !== "end" || link.verdict.status !== "secure") throw new Error("not secure");
    expect(Secure.is(link.verdict)).toBe(true);
    expect(plain(link.verdict.value)).toEqual(plain(verdict.value));
  }
  await clock.run(() => clock.sleep(3_600_000));
  expect(cache.get(name(0), TYPE.A), "rest does not lengthen life").toBeUndefined();
});
