import { describe, expect, it } from "vitest";
import { NegativeAnchors } from "../../src/daemon/negative-anchors.ts";
import type { NegativeAnchor } from "../../src/daemon/zone-tables.ts";
import { Name } from "../../src/wire/name.ts";
import { a, answer, broken, data, fakeResolver, question, secure, signed } from "../server/answers.ts";

const anchor = (name: string, more: Partial<NegativeAnchor> = {}): NegativeAnchor => ({
  name: Name.parse(name),
  until: null,
  lifetime: 3600,
  why: "",
  ...more,
});
const text = (names: readonly Name[]): readonly string[] => names.map(String);

describe("negative anchors", () => {
  it("end an hour after they were first read, or at the time that was said", () => {
    const anchors = new NegativeAnchors();
    const configured = [anchor("a.example"), anchor("b.example", { until: 1500 })];
    expect(text(anchors.holding(configured, 1000))).toEqual(["a.example.", "b.example."]);
    expect(text(anchors.holding(configured, 1600))).toEqual(["a.example."]);
    expect(text(anchors.holding(configured, 4600))).toEqual([]);
    // a reload of the same file does not prolong it; taking it out and in again does
    anchors.holding([], 4700);
    expect(text(anchors.holding([anchor("a.example")], 4800))).toEqual(["a.example."]);
  });

  it("end when their name validates again, and not because nobody answers", async () => {
    const anchors = new NegativeAnchors();
    const names = ["good.example.", "bad.example.", "silent.example."];
    const configured = names.map((name) => anchor(name));
    const soa = (name: string) => question(name, 6);
    const resolver = fakeResolver({
      answers: [
        answer(soa("good.example."), secure(data("good.example.", [signed(a("good.example.", 1))]))),
        answer(soa("bad.example."), broken("bogus", "signature expired", "bad.example.", "it expired")),
      ],
    });
    expect(text(await anchors.recheck(anchors.holding(configured, 1000), resolver))).toEqual(["good.example."]);
    expect(text(anchors.holding(configured, 1001))).toEqual(["bad.example.", "silent.example."]);
  });
});
