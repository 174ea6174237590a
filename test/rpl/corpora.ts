/** The scenarios in ../shared/rpl and what their manifests say. Absent in an ordinary checkout. */
import { existsSync, readFileSync } from "node:fs";
import type { RetiredCrypto } from "./production.ts";

export interface ManifestEntry {
  readonly file: string;
  readonly path: string;
  /** "core": every correct validating resolver passes. "feature": rests on an optional behaviour. */
  readonly class: "core" | "feature";
  readonly feature_tags: readonly string[];
  readonly retired_crypto?: RetiredCrypto;
}

export const corpora = ["unbound", "deckard"] as const;
const folder = new URL("../../../shared/rpl/", import.meta.url).pathname;

export const corporaPresent = corpora.every((corpus) => existsSync(`${folder}${corpus}/manifest.json`));

export function manifestOf(corpus: (typeof corpora)[number]): ManifestEntry[] {
  if (!corporaPresent) return [];
  const { files } = JSON.parse(readFileSync(`${folder}${corpus}/manifest.json`, "utf8")) as {
    files: Omit<ManifestEntry, "path">[];
  };
  return files.map((entry) => ({ ...entry, path: `${folder}${corpus}/${entry.file}` }));
}
