/**
 * Where we deliberately do not do what a scenario expects: file by file, with the text that permits it. Short, and the
 * same list as in docs/conformance.md (conformance.test.ts compares them). What holds by rule stands in compare.ts.
 */
import { basename } from "node:path";

export interface Deviation {
  readonly file: string;
  /** Checks that come out otherwise. */
  readonly steps: readonly number[];
  readonly permittedBy: string;
  readonly why: string;
}

export const deviations: readonly Deviation[] = [];

/** The deviation of this file, if it covers every failure. */
export function deviationFor(file: string, failures: readonly { readonly step: number }[]): Deviation | null {
  if (failures.length === 0) return null;
  const named = deviations.find((deviation) => deviation.file === basename(file));
  return named !== undefined && failures.every(({ step }) => named.steps.includes(step)) ? named : null;
}
