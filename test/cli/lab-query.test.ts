/** `query` on the lab's Internet: real walks, real proofs. */
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { tellingQuestions } from "../../src/lab/worlds/demo.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { ResolverOptions } from "../../src/resolver/create.ts";
import { labResolver } from "../server/lab.ts";
import { testIo } from "./io.ts";

async function query(...args: string[]) {
  const io = testIo();
  const createResolver = (options: ResolverOptions): Resolver => labResolver(options);
  const clock = { ...io.clock, unixSeconds: () => Date.now() / 1000 };
  const code = await run(["query", ...args], { ...io, clock, createResolver });
  return { code, out: io.out(), err: io.err() };
}

describe("rootwalk query on the lab", () => {
  it("shows the zones of the proof from the anchor down", async () => {
    const { code, out } = await query("_25._tcp.mx.good.lab", "TLSA");
    expect(code).toBe(0);
    const chain = out.split("; proven by\n")[1]!.trimEnd().split("\n");
    expect(chain.map((line) => line.split(/\s+/)[1])).toEqual([".", "lab.", "good.lab."]);
    expect(chain[0]).toContain("trust anchor");
    expect(chain[1]).toMatch(/DS [0-9]+ signed by key [0-9]+ of its parent; DNSKEY by key [0-9]+$/);
    expect(chain[2]).toMatch(/_25\._tcp\.mx\.good\.lab\. TLSA by key [0-9]+$/);
  });

  it("--trace tells the walk and what was proven, and stays off stdout", async () => {
    const { out, err } = await query("--trace", "_25._tcp.mx.good.lab", "TLSA");
    expect(out).toMatch(/^; _25/);
    for (const line of err.trimEnd().split("\n")) expect(line).toMatch(/^ *[0-9]+ ms {2}[a-z]+ /);
    expect(err).toMatch(/ask +127\.53\.[0-9.]+:[0-9]+ of \.: lab\. A \(udp\)/);
    expect(err).toMatch(/reply .* referral, [1-9][0-9]* octets in [0-9.]+ ms \(udp\)/);
    expect(err).toMatch(/cut +good\.lab\. is delegated with DS/);
    expect(err).toMatch(/zone +\. is secure: DNSKEY signed by key [0-9]+, a trust anchor/);
    expect(err).toMatch(/zone +good\.lab\. is secure: DNSKEY signed by key [0-9]+, DS signed by key [0-9]+ of lab\./);
    expect(err).toMatch(/judged +_25\._tcp\.mx\.good\.lab\. TLSA is secure/);
  });

  it.each(tellingQuestions)(
    "$name $type: exit code, JSON and text agree with $expect",
    async ({ name, type, expect: expected }) => {
      const { code, out, err } = await query("--json", "--dnssec", name, type);
      const json = JSON.parse(out);
      expect(err).toBe("");
      const codes = { secure: 0, denied: 0, insecure: 3, bogus: 4, "no answer": 5 } as const;
      expect({ code, status: json.status }).toEqual({
        code: codes[expected],
        status: expected === "denied" ? "secure" : expected === "no answer" ? "indeterminate" : expected,
      });
      expect(json.authenticated).toBe(code === 0);
      expect(json.reason.text).not.toBe("");
      if (code === 0) {
        expect(json.chain[0].zone).toBe(".");
        expect(json.chain[0].trustedBy.anchor).toBeTypeOf("string");
        const known = new Set<string>();
        for (const step of json.chain) {
          // A zone comes after its parent.
          if (step.zone !== ".")
            expect([...known].some((zone) => zone === "." || step.zone.endsWith(`.${zone}`))).toBe(true);
          known.add(step.zone);
        }
        expect(Date.parse(json.validUntil)).toBeGreaterThan(Date.now());
      }
      if (code >= 4) expect({ answer: json.answer, ttl: json.ttl }).toEqual({ answer: [], ttl: null });
    },
  );
});
