/** What is fuzzed, each as a fast-check property: used for seconds by fuzz.test.ts and for hours by run.mjs. */
import type fc from "fast-check";
import { fileProperties } from "./files.ts";
import { gapProperties } from "./gaps.ts";
import { aliasProperties, proofProperties } from "./proofs.ts";
import { resolverProperties } from "./resolver.ts";
import { textProperties } from "./texts.ts";
import { wireProperties } from "./wire.ts";

export interface Target {
  readonly name: string;
  /** What must hold of every input, as a sentence. */
  readonly holds: string;
  readonly property: fc.IRawProperty<unknown>;
}

export const targets: readonly Target[] = [
  ...wireProperties,
  ...textProperties,
  ...fileProperties,
  ...proofProperties,
  ...aliasProperties,
  ...gapProperties,
  ...resolverProperties,
];
