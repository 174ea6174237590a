/** MTA-STS: the record that says that there is a policy, and the policy. RFC 8461 §3.1, §3.2; which hosts it allows, §4.1. */
import { hostText } from "../dane/host-names.ts";
import { Name } from "../wire/name.ts";
import { isExtensionValue, shortened, versionedTxt } from "./versioned-txt.ts";

export type StsMode = "enforce" | "testing" | "none";

export interface StsPolicy {
  readonly mode: StsMode;
  /** Host names in lower case without final dot, or "*." and one: exactly one label more. */
  readonly mx: readonly string[];
  /** Seconds from when it was fetched. */
  readonly maxAge: number;
  /** Its lines as published, for reports. */
  readonly lines: readonly string[];
}

export type ParsedPolicy =
  | { readonly kind: "policy"; readonly policy: StsPolicy }
  | {
      readonly kind: "invalid";
      /** From 1; null where something is missing in the whole. */
      readonly line: number | null;
      /** A sentence. */
      readonly reason: string;
    };

export type StsRecord =
  | { readonly kind: "record"; readonly id: string }
  | { readonly kind: "none"; readonly reason: string };

/** `texts`: the TXT RRs at `_mta-sts.D`. RFC 8461 §3.1: whatever is not one good record means that there is no policy to be found. */
export function parseStsRecord(texts: readonly string[]): StsRecord {
  const found = versionedTxt(texts, "STSv1");
  if (found.kind === "none") return found;
  const first = found.fields.find(({ name }) => name === "id");
  if (first === undefined) return { kind: "none", reason: `"${shortened(found.text)}" has no id` };
  const id = first.value;
  if (!/^[A-Za-z0-9]{1,32}$/.test(id))
    return { kind: "none", reason: `id "${shortened(id)}": 1 to 32 letters and digits expected` };
  // Another id is an extension by the grammar.
  const odd = found.fields.find((field) => field !== first && !isExtensionValue(field.value));
  if (odd !== undefined) return { kind: "none", reason: `${odd.name} "${shortened(odd.value)}" is no value` };
  return { kind: "record", id };
}

/** RFC 8461 §3.2 */
export const LONGEST_MAX_AGE = 31_557_600;

/** RFC 8461 §3.2: lines end with LF or CRLF; fields that we do not know are passed over; of those that occur twice, the first counts. */
export function parseStsPolicy(text: string): ParsedPolicy {
  const lines = text.split(/\r?\n/);
  const single = new Map<string, { readonly value: string; readonly line: number }>();
  const mx: string[] = [];
  for (const [i, raw] of lines.entries()) {
    const line = i + 1;
    const content = raw.replace(/[ \t]+$/, "");
    if (content === "") continue; // an empty line at the end is common, and harmless anywhere
    const match = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*)$/s.exec(content);
    if (match === null) return invalid(line, `"${shortened(content)}" is no field: "name: value" expected`);
    const [, name, value] = match as unknown as [string, string, string];
    if (/\p{Cc}/u.test(value)) return invalid(line, `${name} holds a control character`);
    if (name === "mx") {
      const pattern = mxPattern(value);
      if (pattern === null) return invalid(line, `mx "${shortened(value)}": a host name, or "*." and one, expected`);
      mx.push(pattern);
    } else if (!single.has(name)) single.set(name, { value, line });
  }
  return assembled(single, mx, lines);
}

function assembled(
  single: ReadonlyMap<string, { readonly value: string; readonly line: number }>,
  mx: readonly string[],
  lines: readonly string[],
): ParsedPolicy {
  const [version, mode, maxAge] = ["version", "mode", "max_age"].map((name) => single.get(name));
  if (version === undefined) return invalid(null, "version is missing");
  if (version.value !== "STSv1") return invalid(version.line, `version "${shortened(version.value)}": STSv1 expected`);
  if (mode === undefined) return invalid(null, "mode is missing");
  if (!isMode(mode.value))
    return invalid(mode.line, `mode "${shortened(mode.value)}": enforce, testing or none expected`);
  if (maxAge === undefined) return invalid(null, "max_age is missing");
  if (!/^[0-9]{1,10}$/.test(maxAge.value) || Number(maxAge.value) > LONGEST_MAX_AGE)
    return invalid(maxAge.line, `max_age "${shortened(maxAge.value)}": 0 to ${LONGEST_MAX_AGE} seconds expected`);
  if (mx.length === 0 && mode.value !== "none") return invalid(null, `mode is ${mode.value}, and mx is missing`);
  const published = lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  return {
    kind: "policy",
    policy: { mode: mode.value, mx, maxAge: Number(maxAge.value), lines: published },
  };
}

/** RFC 8461 §4.1: `host` is the name in the MX RR, or the domain itself where it has none. */
export function allowsHost({ mx }: Pick<StsPolicy, "mx">, host: Name): boolean {
  const text = hostText(host);
  if (text === null) return false;
  const dot = text.indexOf(".");
  const parent = dot < 0 ? null : text.slice(dot + 1);
  return mx.some((pattern) => (pattern.startsWith("*.") ? pattern.slice(2) === parent : pattern === text));
}

function isMode(text: string): text is StsMode {
  return text === "enforce" || text === "testing" || text === "none";
}

function mxPattern(text: string): string | null {
  const wildcard = text.startsWith("*.");
  const host = wildcard ? text.slice(2) : text;
  if (!/^[A-Za-z0-9_.-]+$/.test(host)) return null;
  try {
    const name = hostText(Name.parse(host));
    return name === null ? null : `${wildcard ? "*." : ""}${name}`;
  } catch {
    return null;
  }
}

function invalid(line: number | null, what: string): ParsedPolicy {
  return { kind: "invalid", line, reason: line === null ? `the policy is invalid: ${what}` : `line ${line}: ${what}` };
}
