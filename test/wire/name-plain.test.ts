/** Plain text takes a short way through `Name.parse`; it must lead where the long one leads. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Name } from "../../src/wire/name.ts";

/** The same name with every character of its labels escaped, which goes the long way. */
const escaped = (text: string): string =>
  text.replace(/[^.]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, "0")}`);

function outcome(text: string): unknown {
  try {
    const { wire, labelCount, key } = Name.parse(text);
    return { wire: [...wire], labelCount, key };
  } catch (error) {
    return error instanceof TypeError ? "TypeError" : error;
  }
}

describe("Name.parse", () => {
  it("reads plain text as it reads the same text in escapes", () => {
    const label = fc.stringMatching(/^[!-~ ]{0,12}$/).map((text) => text.replaceAll("\\", "-"));
    const text = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));
    fc.assert(
      fc.property(text, (plain) => {
        expect(outcome(plain)).toEqual(outcome(escaped(plain)));
      }),
    );
  });

  it.each([62, 63, 64])("draws the same line at labels of %i octets", (size) => {
    for (const text of [`${"a".repeat(size)}.lab`, `lab.${"a".repeat(size)}`, `lab.${"a".repeat(size)}.`])
      expect(outcome(text)).toEqual(outcome(escaped(text)));
  });

  it.each([251, 252, 253, 254, 255, 256, 257])("draws the same line at names of %i characters", (size) => {
    const text = "abcdefg.".repeat(40).slice(0, size);
    for (const name of [text, `${text.slice(0, -1)}.`, `${text.slice(0, -1)}x`])
      expect(outcome(name)).toEqual(outcome(escaped(name)));
  });

  it("keeps nothing of the name before", () => {
    const long = Name.parse("a-rather-long-name.with.many.labels");
    const short = Name.parse("b");
    expect([`${long}`, `${short}`]).toEqual(["a-rather-long-name.with.many.labels.", "b."]);
  });
});
