/** A few seconds of what run.mjs does for hours. See docs/security.md. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { targets } from "./targets.ts";

const MS_EACH = 250;

for (const { name, holds, property } of targets) {
  test(`${name}: ${holds}`, async () => {
    const details = await fc.check(property as fc.IAsyncProperty<unknown>, {
      numRuns: 1_000_000,
      interruptAfterTimeLimit: MS_EACH,
      markInterruptAsFailure: false,
    });
    if (details.failed) throw new Error(fc.defaultReportMessage(details) ?? "failed");
    expect(details.numRuns).toBeGreaterThan(5);
  });
}
