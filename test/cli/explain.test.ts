/** `explain` on the lab's Internet. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { ResolverOptions } from "../../src/resolver/create.ts";
import { labResolver } from "../server/lab.ts";
import { testIo } from "./io.ts";

async function explain(...args: string[]) {
  const io = testIo();
  const createResolver = (options: ResolverOptions): Resolver => labResolver(options);
  const clock = { ...io.clock, unixSeconds: () => Date.now() / 1000 };
  const code = await run(["explain", ...args], { ...io, clock, createResolver });
  return { code, out: io.out(), err: io.err() };
}

describe("rootwalk explain", () => {
  it("prints the chain as a tree, from the anchor down", async () => {
    const { code, out, err } = await explain("_25._tcp.mx.good.lab", "TLSA");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split("\n");
    expect(lines[0]).toBe("_25._tcp.mx.good.lab. TLSA is secure");
    const order = ["trust anchor of .", "DS lab.", "DS good.lab.", "_25._tcp.mx.good.lab. TLSA", "3 1 1 "];
    const at = order.map((text) => lines.findIndex((line, i) => i > 2 && line.includes(text)));
    expect(at.every((line, i) => line > (at[i - 1] ?? 0))).toBe(true);
  });

  it("marks the broken link, with its reason and DNSViz's name", async () => {
    const { code, out } = await explain("www.digest.broken");
    expect(code).toBe(4);
    expect(out).toMatch(/\[BROKEN\] DNSKEY digest\.broken\.\n/);
    expect(out).toContain("DIGEST_INVALID");
    expect(out).not.toContain("192.0.2.");
  });

  it.each([
    ["www.unsigned.lab", 3],
    ["www.silent.broken", 5],
  ])("%s: exit code %i, as query has it", async (name, expected) => {
    expect((await explain(name)).code).toBe(expected);
  });

  it("--json prints the graph", async () => {
    const { out } = await explain("--json", "nobody.good.nsec3");
    const picture = JSON.parse(out);
    expect(picture).toMatchObject({
      question: { name: "nobody.good.nsec3.", type: "A" },
      status: "secure",
      headline: "secure denial",
      reason: { code: "proven" },
    });
    for (const key of ["zones", "nodes", "edges", "notes"]) expect(Array.isArray(picture[key])).toBe(true);
  });

  it("--svg writes a drawing beside the tree, or instead of it", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rootwalk-"));
    try {
      const file = join(directory, "chain.svg");
      const { code, out } = await explain("good.lab", "MX", "--svg", file);
      expect(code).toBe(0);
      expect(out).toMatch(/^good\.lab\. MX is secure\n/);
      expect(readFileSync(file, "utf8")).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*role="img"/);
      const alone = await explain("good.lab", "MX", "--svg", "-");
      expect(alone.out).toMatch(/^<svg .*<\/svg>\n$/s);
      const nowhere = await explain("good.lab", "MX", "--svg", join(directory, "none", "chain.svg"));
      expect(nowhere.code).toBe(1);
      expect(nowhere.err).toMatch(/^rootwalk: the drawing cannot be written: ENOENT/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("says in one line what is wrong with a command line", async () => {
    for (const args of [[], ["a", "NOTYPE"], ["a", "A", "more"], ["--svg", "", "a"]]) {
      const { code, err } = await explain(...args);
      expect(code).toBe(2);
      expect(err).toMatch(/^rootwalk: .+\n$/);
    }
  });
});
