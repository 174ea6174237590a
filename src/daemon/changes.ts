/** What a new configuration changes, in sentences for the log, and what of it needs a restart. */
import type { Configuration } from "./configuration.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Applies } from "./options.ts";

export function changesBetween(before: Configuration, after: Configuration): readonly string[] {
  const sentences: string[] = [];
  for (const [key, { value }] of after.values) {
    const old = before.values.get(key)?.value;
    if (fingerprint(old) === fingerprint(value)) continue;
    sentences.push(`${key.name}: ${shown(old)} becomes ${shown(value)}, ${appliesText[key.row.applies]}`);
  }
  for (const [name, title] of [
    ["forwards", "[[forward]]"],
    ["stubs", "[[stub]]"],
    ["negativeAnchors", "[[negative-anchor]]"],
  ] as const) {
    if (fingerprint(before.zones[name]) !== fingerprint(after.zones[name])) sentences.push(`${title} changed`);
  }
  return sentences;
}

const appliesText: Readonly<Record<Applies, string>> = {
  live: "at once",
  sockets: "with new sockets",
  resolver: "with a new resolver",
  restart: "which needs a restart",
};

function shown(value: unknown): string {
  return value === null ? "nothing" : JSON.stringify(value);
}
