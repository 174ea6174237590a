/** A text that is the same for equal values: names, octets, sets and maps included. */
import { Name } from "../wire/name.ts";

export function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Name) return `${inner.lowerCased()}`;
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString("base64");
    return inner;
  });
}
