/** What `rootwalk doctor` says of one thing it looked at, and what it looks at: files, programs and the network as arguments. */
import type { CryptoEngine } from "../../crypto/engine.ts";
import type { TrustAnchor } from "../../dnssec/trust-anchor.ts";
import type { Clock, Exchange, ServerAddress } from "../../env/env.ts";
import type { Hint } from "../../resolver/api.ts";
import type { Name } from "../../wire/name.ts";

/** "skipped": there was nothing to look at. */
export type Level = "fine" | "skipped" | "note" | "warning" | "problem";

export interface Finding {
  /** A word that does not change: `resolv.conf trust-ad`. */
  readonly check: string;
  readonly level: Level;
  /** What was seen, as a sentence. */
  readonly found: string;
  /** What follows from it; null where all is well. */
  readonly means: string | null;
  readonly todo: string | null;
}

export interface Examined {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly engine: CryptoEngine;
  readonly files: Files;
  /** What a program prints; null where it is not there, or fails. */
  readonly run: (program: string, args: readonly string[]) => Promise<string | null>;
  /** The resolver that programs of this machine should ask. */
  readonly server: ServerAddress;
  /** A name in a signed zone that is broken, and one that is not signed. */
  readonly bogusName: Name;
  readonly unsignedName: Name;
  readonly hints: readonly Hint[];
  readonly anchors: readonly TrustAnchor[];
  readonly ipv6: "has a global address" | "has none";
}

export interface Files {
  read(path: string): FileText;
}

export type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly why: string };

export function fine(check: string, found: string): Finding {
  return { check, level: "fine", found, means: null, todo: null };
}

export function skipped(check: string, found: string): Finding {
  return { check, level: "skipped", found, means: null, todo: null };
}

interface Told {
  readonly found: string;
  readonly means: string;
  readonly todo: string;
}

export function note(check: string, told: Told): Finding {
  return { check, level: "note", ...told };
}

export function warning(check: string, told: Told): Finding {
  return { check, level: "warning", ...told };
}

export function problem(check: string, told: Told): Finding {
  return { check, level: "problem", ...told };
}
