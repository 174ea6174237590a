/** The field's own scenarios, twice: with a test-only algorithm table as they were written, and with the product's own. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { corpora, corporaPresent, manifestOf } from "./corpora.ts";
import { deviations, notOffered } from "./deviations.ts";
import { readScenario } from "./parse.ts";
import { productionFaults } from "./production.ts";
import { type Result, runScenario } from "./run.ts";

const failuresOf = (result: Result): readonly string[] =>
  result.outcome === "fail"
    ? result.failures.map(({ step, differences }) => `step ${step}: ${differences.join("; ")}`)
    : [];

describe.skipIf(!corporaPresent).each(corpora)("the %s corpus", (corpus) => {
  const manifest = manifestOf(corpus);
  describe.each(["core", "feature"] as const)("%s", (kind) => {
    const entries = manifest.filter((entry) => entry.class === kind);
    test.each(entries)("$file", async ({ path }) => {
      const result = await runScenario(readScenario(path), { algorithms: "test" });
      expect(failuresOf(result)).toEqual([]);
      // nothing that every resolver must do may be left out for want of a feature
      if (kind === "core") expect(result.outcome).toBe("pass");
    });
  });
  test.each(manifest)("$file with the product's own algorithms", async ({ path, file, retired_crypto }) => {
    const scenario = readScenario(path);
    const result = await runScenario(scenario, { algorithms: "production" });
    const named = deviations.find((deviation) => deviation.file === file)?.steps ?? [];
    const faults = productionFaults(scenario, result, retired_crypto);
    expect(faults.filter((fault) => !named.some((step) => fault.startsWith(`step ${step}:`)))).toEqual([]);
  });
});

test.skipIf(corporaPresent)("the corpora of ../shared/rpl are absent, so no scenario was replayed", () => {});

describe("docs/conformance.md", () => {
  const text = readFileSync(new URL("../../docs/conformance.md", import.meta.url), "utf8");
  test.each(deviations)("names the deviation in $file and what permits it", ({ file, permittedBy }) => {
    const row = text.split("\n").find((line) => line.includes(file));
    expect(row).toContain(permittedBy);
  });
  test.each(Object.entries(notOffered))("names %s as not offered, with the reason", (feature, why) => {
    expect(text).toContain(`| ${feature} | ${why} |`);
  });
});
