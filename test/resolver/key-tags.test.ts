/** Who trusts which key of the root: told to its servers (RFC 8145), and to those who ask in riddles (RFC 8509). */
import { afterEach, describe, expect, it } from "vitest";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import { chainAndSign } from "../../src/lab/sign-zone.ts";
import type { SigningKey } from "../../src/lab/signer.ts";
import { keyTagQuestion } from "../../src/resolver/key-tags.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { AnchorStory, DAY, dsLine, ksk, zsk } from "./anchor-story.ts";

const a = ksk(0);
const b = ksk(1);
const padded = (key: SigningKey) => String(key.tag).padStart(5, "0");
const hex = (key: SigningKey) => key.tag.toString(16).padStart(4, "0");
const signal = (...keys: readonly SigningKey[]) =>
  `_ta-${[...keys]
    .sort((one, other) => one.tag - other.tag)
    .map(hex)
    .join("-")}.`;

let story: AnchorStory;
afterEach(async () => {
  await story.resolver.close();
});

describe("the key tag signal (R-8145-1)", () => {
  const signals = () => story.asked(TYPE.NULL);

  it("names IANA's two keys as everybody else does", () => {
    story = new AnchorStory();
    const [anchor] = anchorsFromZoneText(
      `. DS 38696 8 2 ${"ab".repeat(32)}\n. DS 20326 8 2 ${"cd".repeat(32)}\n. DS 20326 8 4 ${"cd".repeat(48)}`,
      "test",
    );
    expect(keyTagQuestion(anchor!)?.name.toString()).toBe("_ta-4f66-9728.");
    expect(keyTagQuestion(anchor!)?.type).toBe(TYPE.NULL);
    expect(keyTagQuestion({ ...anchor!, zone: Name.parse("example.") })?.name.toString()).toBe(
      "_ta-4f66-9728.example.",
    );
    const deep = Name.parse(["a", "a", "a", "b"].map((letter) => letter.repeat(letter === "a" ? 62 : 60)).join("."));
    expect(keyTagQuestion({ ...anchor!, zone: deep })).toBeNull();
    const many = Array.from({ length: 40 }, (_, i) => ({ ...anchor!.ds[0]!, keyTag: 1000 - i }));
    expect(keyTagQuestion({ ...anchor!, ds: many })?.name.firstLabel.length).toBe(63);
  });

  it("goes out at the start, and whenever the keys are fetched again", async () => {
    story = new AnchorStory({ anchors: dsLine(a) + dsLine(b), options: { settings: { trustAnchorSignal: true } } });
    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.resolver.prime();
    await story.clock.advance(1000);
    expect(signals()).toEqual([signal(a, b)]);
    await story.pass(2.5);
    expect(signals()).toEqual([signal(a, b), signal(a, b), signal(a, b)]);
  });

  it("follows a rollover: pending keys are not named, trusted ones are", async () => {
    story = new AnchorStory({ anchors: dsLine(a), options: { settings: { trustAnchorSignal: true } } });
    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.resolver.prime();
    await story.pass(33);
    expect(signals()[0]).toBe(signal(a));
    expect(signals().at(-1)).toBe(signal(a, b));
  });

  it("is not sent unless it is asked for, nor where the keys do not prove out", async () => {
    story = new AnchorStory();
    story.publish({ keys: [a, zsk], by: [a] });
    await story.resolver.prime();
    await story.pass(3);
    expect(signals()).toEqual([]);
    await story.restart(dsLine(b), { settings: { trustAnchorSignal: true } });
    await story.pass(1);
    expect(signals()).toEqual([]);
  });
});

describe("the root key sentinel (R-8509-1)", () => {
  const is = (tag: string) => `root-key-sentinel-is-ta-${tag}`;
  const not = (tag: string) => `root-key-sentinel-not-ta-${tag}`;

  /** A world in which these names exist, signed and unsigned. */
  function begin(options: ConstructorParameters<typeof AnchorStory>[0] = { anchors: dsLine(a) }): void {
    story = new AnchorStory({ options: { settings: { rootKeySentinel: true } }, ...options });
    const zone = story.world.zone("example.");
    const labels = [is(padded(a)), not(padded(a)), is(padded(b)), not(padded(b)), is("99999"), not("99999")];
    for (const label of labels) {
      for (const [type, rdata] of [
        [TYPE.A, Uint8Array.of(5, 1, 2, 3)],
        [TYPE.AAAA, new Uint8Array(16).fill(0x20)],
        [TYPE.TXT, Uint8Array.of(1, 65)],
      ] as const)
        zone.add({ name: Name.parse(`${label}.example.`), type, ttl: 300, rdata });
    }
    chainAndSign(zone);
    const plain = story.world.zone("plain.");
    plain.add({
      name: Name.parse(`${not(padded(a))}.plain.`),
      type: TYPE.A,
      ttl: 300,
      rdata: Uint8Array.of(5, 1, 2, 4),
    });
    story.publish({ keys: [a, b, zsk], by: [a] });
  }

  const rcode = async (label: string, type = "A", zone = "example"): Promise<number> =>
    (await story.resolver.resolve(`${label}.${zone}`, type)).rcode;

  it("answers where the key is what the name says, and fails where it is not", async () => {
    begin();
    expect(await rcode(is(padded(a)))).toBe(0);
    expect(await rcode(not(padded(a)))).toBe(2);
    expect(await rcode(is(padded(b)))).toBe(2);
    expect(await rcode(not(padded(b)))).toBe(0);
    expect(await rcode(is("99999"))).toBe(2);
    expect(await rcode(not("99999"))).toBe(0);
    expect(await rcode(not(padded(a)), "AAAA")).toBe(2);
    expect(await rcode(not(padded(a)).toUpperCase())).toBe(2);
    const { verdict, ede } = await story.resolver.resolve(`${not(padded(a))}.example`, "A");
    expect(verdict).toMatchObject({ status: "bogus", failure: { code: "sentinel" } });
    expect(ede[0]?.text).toBe(`Root key sentinel: key ${a.tag} is a trust anchor here`);
  });

  it("holds for what is known already, and for names that do not exist", async () => {
    begin();
    const question = { name: Name.parse(`${not(padded(a))}.example.`), type: TYPE.A, class: 1 };
    expect(story.resolver.cached(question)).toBeUndefined();
    await story.resolver.resolve(question.name, "A");
    expect(story.resolver.cached(question)?.rcode).toBe(2);
    expect(await rcode(is(padded(a)), "A", "nowhere.example")).toBe(3);
    expect(await rcode(not(padded(a)), "A", "nowhere.example")).toBe(2);
  });

  it("leaves everything else alone: other types, unsigned zones, who sets CD, other labels", async () => {
    begin();
    expect(await rcode(not(padded(a)), "TXT")).toBe(0);
    expect(await rcode(not(padded(a)), "A", "plain")).toBe(0);
    expect((await story.resolver.resolveUnchecked(`${not(padded(a))}.example`, "A")).rcode).toBe(0);
    expect(await rcode(`x.${not(padded(a))}`)).toBe(3);
    expect(await rcode(not(String(a.tag % 10000).slice(0, 4)))).toBe(3); // four digits
    expect(await rcode(not(`0${padded(a)}`))).toBe(3);
    expect(await rcode("www")).toBe(0);
  });

  it("is off in the library", async () => {
    begin({ anchors: dsLine(a), options: {} });
    expect(await rcode(not(padded(a)))).toBe(0);
  });

  it("follows a rollover", async () => {
    begin();
    await story.resolver.prime();
    expect(await rcode(is(padded(b)))).toBe(2);
    await story.clock.advance(33 * DAY * 1000);
    expect(await rcode(is(padded(b)))).toBe(0);
  });
});
