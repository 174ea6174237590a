/** A few seconds of what run.mjs does for hours. See docs/security.md. */
import fc from "fast-check";
import { test } from "vitest";
import { targets } from "./targets.ts";

const MS_EACH = 250;
/** However slow the machine is. */
const LEAST_RUNS = 6;

for (const { name, holds, property } of targets) {
  test(`${name}: ${holds}`, async () => {
    const checked = property as fc.IAsyncProperty<unknown>;
    for (const how of [
      { numRuns: LEAST_RUNS },
      { numRuns: 1_000_000, interruptAfterTimeLimit: MS_EACH, markInterruptAsFailure: false },
    ]) {
      const details = await fc.check(checked, how);
      if (details.failed) throw new Error(fc.defaultReportMessage(details) ?? "failed");
    }
  });
}
