/** What the package says of itself. */
import { readFileSync } from "node:fs";

/** dist/cli/ and src/cli/ both lie two folders below the package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
