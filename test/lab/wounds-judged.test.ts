import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { demoWorld, tellingQuestions } from "../../src/lab/worlds/demo.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW, wounds } from "../../src/lab/wounds.ts";
import { resolverIn } from "./resolver.ts";

/** What the resolver, cold, makes of one question in one world. */
async function judged(description: WorldDescription, { name, type }: { name: string; type: string }): Promise<Answer> {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const lab = buildWorld(description, LAB_NOW, { clock });
  const resolver = resolverIn(lab, clock);
  try {
    return await clock.run(() => resolver.resolve(name, type));
  } finally {
    await resolver.close();
  }
}

function reasonOf({ verdict }: Answer): string | null {
  switch (verdict.status) {
    case "secure":
      return null;
    case "insecure":
      return verdict.why.kind;
    case "bogus":
    case "indeterminate":
      return verdict.failure.code;
  }
}

describe("the resolver in a wounded world", () => {
  for (const { name, what, question, status, reason, inflict } of wounds) {
    it(`${name}: ${what}`, async () => {
      const answer = await judged(inflict(soundWorld), question);
      expect(`${answer.verdict.status}: ${reasonOf(answer)}`).toBe(`${status}: ${reason}`);
    });
  }
});

describe("the resolver in the demo Internet", () => {
  for (const { name, type, expect: expected, note } of tellingQuestions) {
    it(`${name} ${type} is ${expected}: ${note}`, async () => {
      const { verdict } = await judged(demoWorld, { name, type });
      const denied = verdict.status === "secure" && verdict.value.kind !== "answer";
      expect(denied ? "denied" : verdict.status === "indeterminate" ? "no answer" : verdict.status).toBe(expected);
    });
  }
});
