/** Whatever arrives: no exception, no rejection, nothing but well-formed replies, no gain for who forges addresses. ATTACKS A-96. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { serverLimitsWith } from "../../src/server/limits.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { a, answer, broken, data, fakeResolver, NOW, question, secure, signed, txt } from "./answers.ts";
import { query } from "./requests.ts";

const faults: unknown[] = [];
const { respond } = createResponder({
  resolver: fakeResolver({
    cached: [
      answer(question("www.example.", 1), secure(data("www.example.", [signed(a("www.example.", 1))]))),
      answer(
        question("big.example.", 16),
        secure(data("big.example.", [signed(txt("big.example.", 250)), signed(txt("big.example.", 249))])),
      ),
    ],
    answers: [answer(question("bad.example.", 1), broken("bogus", "signature wrong", "bad.example.", "a reason"))],
  }),
  clock: { ...systemClock, unixSeconds: () => NOW },
  version: "rootwalk",
  limits: serverLimitsWith({ questionsPerSecond: 0 }), // whoever is slowed down is told nothing; here each is answered
  emit: (event) => {
    if (event.kind === "fault") faults.push(event.error);
  },
});
const clients: readonly Client[] = [
  { address: "127.0.0.1", port: 1, transport: "udp" },
  { address: "127.0.0.1", port: 1, transport: "tcp" },
  { address: "192.0.2.1", port: 1, transport: "udp" },
];

/** Checks one exchange; returns the reply's length. */
async function check(request: Uint8Array, from: Client): Promise<void> {
  const before = request.slice();
  const octets = await respond(request, from);
  expect(request).toEqual(before);
  expect(faults).toEqual([]);
  if (octets === null) {
    expect(request.length < 12 || (request[2]! & 0x80) !== 0).toBe(true);
    return;
  }
  const reply = decodeMessage(octets);
  expect(reply.qr).toBe(true);
  expect(reply.id).toBe((request[0]! << 8) | request[1]!);
  if (from.transport === "udp") expect(octets.length).toBeLessThanOrEqual(1232);
  if (reply.question.length === 0) expect(octets.length).toBe(12);
  if (reply.edns === null && from.transport === "udp") expect(octets.length).toBeLessThanOrEqual(512);
  if (reply.rcode !== 0) {
    expect(reply.ad).toBe(false);
    expect([...reply.answer, ...reply.authority]).toEqual([]);
  }
}

const client = fc.constantFrom(...clients);
const wellFormed = fc
  .record({
    name: fc.constantFrom("www.example.", "big.example.", "bad.example.", "version.bind.", ".", "\\000\\255.x."),
    type: fc.oneof(fc.constantFrom(1, 16, 252, 41, 128, 255), fc.integer({ min: 0, max: 65535 })),
    class: fc.constantFrom(1, 1, 1, 3, 255),
    opcode: fc.constantFrom(0, 0, 0, 0, 4, 5),
    rd: fc.boolean(),
    ad: fc.boolean(),
    cd: fc.boolean(),
    edns: fc.option(
      fc.record({
        version: fc.constantFrom(0, 0, 0, 1, 255),
        udpSize: fc.integer({ min: 0, max: 65535 }),
        dnssecOk: fc.boolean(),
        compactOk: fc.boolean(),
        options: fc.oneof(fc.constant([]), fc.constant([0, 11, 0, 0]), fc.array(fc.nat(255), { maxLength: 30 })),
      }),
    ),
  })
  .map(query);

describe("respond", () => {
  it("to random octets", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), client, check), { numRuns: 2000 });
  });

  it("to a header and random octets behind it", async () => {
    const request = fc
      .tuple(fc.nat(65535), fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), fc.uint8Array({ maxLength: 120 }))
      .map(([id, counts, rest]) =>
        Uint8Array.from([id >>> 8, id & 255, 1, 0, ...counts.flatMap((count) => [0, count]), ...rest]),
      );
    await fc.assert(fc.asyncProperty(request, client, check), { numRuns: 2000 });
  });

  it("to well-formed queries of every kind", async () => {
    await fc.assert(fc.asyncProperty(wellFormed, client, check), { numRuns: 2000 });
  });

  it("to queries with octets changed, left out and doubled", async () => {
    const mutation = fc.record({ at: fc.nat(80), cut: fc.nat(3), insert: fc.array(fc.nat(255), { maxLength: 3 }) });
    const mutated = fc
      .tuple(wellFormed, fc.array(mutation, { minLength: 1, maxLength: 4 }))
      .map(([octets, mutations]) => {
        const changed = [...octets];
        for (const { at, cut, insert } of mutations) changed.splice(at % (changed.length + 1), cut, ...insert);
        return Uint8Array.from(changed);
      });
    await fc.assert(fc.asyncProperty(mutated, client, check), { numRuns: 3000 });
  });

  it("garbage earns at most as many octets as it cost", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 12, maxLength: 100 }), async (request) => {
        const octets = await respond(request, clients[0]!);
        const readable = octets !== null && decodeMessage(octets).question.length > 0;
        if (!readable) expect(octets?.length ?? 0).toBeLessThanOrEqual(request.length);
      }),
      { numRuns: 1000 },
    );
  });
});
