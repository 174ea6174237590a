/** A question for the CNAME itself below a DNAME. RFC 6672 §3.1; Postfix asks such questions. */
import { expect, test } from "vitest";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { demoWorld } from "../../src/lab/worlds/demo.ts";
import { rdataOf } from "../../src/rrset/rrset.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { resolverIn } from "../lab/resolver.ts";

const now = 1_790_000_000;

test("the CNAME that a DNAME makes is the answer, secure, and nobody goes on to its target", async () => {
  const clock = virtualClock({ unixSeconds: now });
  const world = buildWorld(demoWorld, now, { clock });
  const resolver = resolverIn(world, clock);
  for (const from of ["the network", "the cache"]) {
    const answer = await clock.run(() => resolver.resolve("www.old.good.lab", "CNAME"));
    expect(answer.verdict.status, from).toBe("secure");
    if (answer.verdict.status !== "secure") continue;
    const [made] = answer.verdict.value.rrsets;
    expect(made?.type).toBe(TYPE.CNAME);
    expect(made === undefined ? null : String((rdataOf(made)[0] as { target: unknown }).target)).toBe(
      String(answer.aliases[0]?.to),
    );
    expect(answer.aliases.map((link) => link.verdict.status)).toEqual(["secure"]);
  }
  // To a client that validates itself as well: CD=1.
  const { rcode, answer } = await clock.run(() => resolver.resolveUnchecked("www.old.good.lab", "CNAME"));
  expect(rcode).toBe(RCODE.NOERROR);
  expect(answer.map(({ name, type }) => [String(name), type])).toEqual([
    ["old.good.lab.", TYPE.DNAME],
    ["www.old.good.lab.", TYPE.CNAME],
  ]);
  await clock.run(() => resolver.close());
});
