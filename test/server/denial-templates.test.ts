/** A reply that was copied from another name's is the one that would have been written. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WorldDescription } from "../../src/lab/world.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { lowestPointer } from "../../src/wire/pointers.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { later, type Scene, scene } from "../resolver/scene.ts";
import { type QueryShape, query } from "./requests.ts";

const hosts = Array.from({ length: 8 }, (_, i) => `h${i} A 5.1.2.${i}`).join("\n");
const world: WorldDescription = {
  zones: [
    { apex: "." },
    { apex: "names.", records: `${hosts}\nleaf.empty A 5.1.2.9\n*.wild TXT "any"` },
    { apex: "hashes.", records: hosts, signing: { denial: { iterations: 0 } } },
  ],
};
const client: Client = { address: "127.0.0.1", port: 5353, transport: "udp" };
const play = (story: (it: Scene) => Promise<void>) => scene({ world: () => world }, story);

const label = fc.stringMatching(/^[a-z0-9]{1,9}$/);
const shape = fc.record({
  name: fc
    .tuple(
      label,
      fc.constantFrom("names.", "hashes.", "NAMES.", "b.names.", "empty.names.", "a.wild.names.", "x.hashes."),
    )
    .map(([first, zone]) => `${first}.${zone}`),
  type: fc.constantFrom(TYPE.A, TYPE.TLSA, TYPE.NSEC, TYPE.DS),
  ad: fc.boolean(),
  cd: fc.boolean(),
  edns: fc.option(fc.record({ udpSize: fc.constantFrom(512, 1232), dnssecOk: fc.boolean(), compactOk: fc.boolean() }), {
    nil: null,
  }),
});

describe("denials by template", () => {
  test("every one is what a server that remembers nothing writes", () =>
    play(async (it) => {
      for (let i = 0; i < 60; i++) for (const zone of ["names.", "hashes."]) await it.ask(`learn${i}.${zone}`);
      for (const zone of ["x.hashes.", "empty.names.", "b.names."]) await it.ask(`learn.${zone}`);
      const parts = { resolver: it.resolver, clock: it.clock };
      const remembering = createResponder(parts);
      let copied = 0;
      fc.assert(
        fc.property(fc.array(shape, { minLength: 20, maxLength: 40 }), (shapes) => {
          for (const [i, each] of shapes.entries()) {
            const octets = query({ id: i, ...each } as QueryShape);
            const ours = remembering.respond(octets, client);
            const fresh = createResponder(parts).respond(octets, client);
            if (!(ours instanceof Uint8Array) || !(fresh instanceof Uint8Array)) continue;
            copied++;
            expect(decodeMessage(ours)).toEqual(decodeMessage(fresh));
          }
        }),
        { numRuns: 60 },
      );
      expect(copied).toBeGreaterThan(800);
    }));

  test("its TTLs are those of its second", () =>
    play(async (it) => {
      await it.ask("learn.names.");
      const responder = createResponder({ resolver: it.resolver, clock: it.clock });
      const ttlOf = (name: string): number => {
        const octets = responder.respond(query({ name, type: TYPE.A, edns: { dnssecOk: true } } as QueryShape), client);
        if (!(octets instanceof Uint8Array)) throw new Error(`${name} must be asked for`);
        return Math.min(...decodeMessage(octets).authority.map(({ ttl }) => ttl));
      };
      const first = [ttlOf("learna.names."), ttlOf("learnb.names."), ttlOf("learnc.names.")];
      expect(new Set(first).size).toBe(1);
      await later(it.clock, 7);
      expect([ttlOf("learnd.names."), ttlOf("learne.names.")]).toEqual([first[0]! - 7, first[0]! - 7]);
    }));
});

describe("what the records lean on", () => {
  const asked = { id: 1, question: { name: Name.parse("a.b.example."), type: TYPE.A, class: 1 }, rd: true, cd: false };

  test("nothing, where there are none", () => {
    const octets = encodeQuery({ ...asked, edns: null });
    expect(lowestPointer(octets)).toBe(octets.length);
    expect(() => lowestPointer(octets.subarray(0, 20))).toThrow();
  });
});
