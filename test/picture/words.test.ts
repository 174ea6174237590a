import { describe, expect, it } from "vitest";
import { eventText, tracer } from "../../src/daemon/trace.ts";
import type { Denial } from "../../src/dnssec/proof.ts";
import { mintInsecure, mintSecure, type WhyInsecure } from "../../src/dnssec/verdict.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { systemClock } from "../../src/env/system.ts";
import { proofOf, reasonOf, statusInWords } from "../../src/picture/words.ts";
import { Name } from "../../src/wire/name.ts";
import { a, answer, broken, data, proof, question, rrset } from "../server/answers.ts";

const cut = Name.parse("child.example.");
const denial = mintSecure<Denial>(
  {
    kind: "unsigned delegation",
    name: cut,
    type: 43,
    zone: Name.parse("example."),
    family: "NSEC3",
    closestEncloser: null,
    optOut: false,
    records: [],
  },
  proof,
);
const ds = mintSecure({ ...rrset("child.example.", 43, 300, [0, 7, 12, 2, 1]), type: 43 as const }, proof);

describe("why something is insecure", () => {
  const kinds: readonly [WhyInsecure, RegExp, boolean][] = [
    [
      { kind: "unsigned delegation", cut, denial },
      /^child\.example\. is delegated without a DS, and signed NSEC3 records of example\. prove it$/,
      true,
    ],
    [{ kind: "opt-out", cut, denial }, /opt-out span of example\./, true],
    [{ kind: "unsupported algorithm", cut, ds }, /every DS of child\.example\. names a signing algorithm/, true],
    [{ kind: "unsupported digest", cut, ds }, /every DS of child\.example\. has a digest type/, true],
    [{ kind: "unsupported anchor", cut }, /the trust anchor of child\.example\./, false],
    [{ kind: "too many iterations", cut, iterations: 500 }, /500 NSEC3 iterations/, false],
    [{ kind: "negative trust anchor", cut }, /negative trust anchor/, false],
    [{ kind: "no trust anchor", cut }, /no trust anchor at or above child\.example\./, false],
    [{ kind: "local", cut }, /answered here/, false],
  ];

  it.each(kinds)("$kind", (why, text, isProven) => {
    const verdict = mintInsecure(data("www.child.example.", [a("www.child.example.", 1)]), why);
    expect(reasonOf(verdict)).toMatch(text);
    expect(proofOf(verdict)).toBe(isProven ? proof : null);
    expect(statusInWords(answer(question("www.child.example.", 1), verdict))).toMatch(/^insecure/);
  });
});

describe("why something failed", () => {
  it("is the failure's own sentence, and nothing proves it", () => {
    for (const status of ["bogus", "indeterminate"] as const) {
      const verdict = broken(status, "loop", "a.", "a sentence with names");
      expect(reasonOf(verdict)).toBe("a sentence with names");
      expect(proofOf(verdict)).toBeNull();
      expect(statusInWords(answer(question("a.", 1), verdict))).toMatch(new RegExp(`^${status}`));
    }
  });
});

describe("events as lines", () => {
  const server = { address: "2001:db8::53", port: 53 };
  const zone = Name.parse("example.");
  const asked = question("www.example.", 1);
  const events: readonly [ResolutionEvent, string][] = [
    [
      { kind: "asked", question: asked, server, transport: "udp", zone },
      "ask     [2001:db8::53]:53 of example.: www.example. A (udp)",
    ],
    [
      {
        kind: "replied",
        question: asked,
        server,
        transport: "tcp",
        rcode: 3,
        octets: 99,
        rttMs: 1.25,
        meaning: "name error",
      },
      "reply   [2001:db8::53]:53: www.example. A: NXDOMAIN, name error, 99 octets in 1.3 ms (tcp)",
    ],
    [
      { kind: "no reply", question: asked, server, transport: "udp", why: "no answer" },
      "silent  [2001:db8::53]:53: www.example. A: no answer (udp)",
    ],
    [{ kind: "cut", zone, signed: false, servers: 1 }, "cut     example. is delegated without DS, 1 server"],
    [{ kind: "zone", zone, status: "bogus", detail: "a reason" }, "zone    example. is bogus: a reason"],
    [
      { kind: "judged", question: asked, status: "secure", detail: "answer" },
      "judged  www.example. A is secure: answer",
    ],
    [{ kind: "alias", from: cut, to: zone, type: 39 }, "alias   child.example. DNAME example."],
    [
      { kind: "refused", what: "glue", name: cut, why: "out of bailiwick" },
      "refuse  glue child.example.: out of bailiwick",
    ],
    [{ kind: "cached", question: asked, status: "secure" }, "cached  www.example. A is secure"],
    [{ kind: "limit", limit: "queries", question: asked }, "limit   queries reached at www.example. A"],
  ];

  it.each(events)("$kind", (event, line) => {
    expect(eventText(event)).toBe(line);
  });

  it("carry the milliseconds since the start", () => {
    let nowMs = 1000;
    let written = "";
    const trace = tracer({ ...systemClock, monotonicMs: () => nowMs }, (text) => {
      written += text;
    });
    nowMs = 1012.4;
    trace(events[8]![0]);
    expect(written).toBe("   12 ms  cached  www.example. A is secure\n");
  });
});
