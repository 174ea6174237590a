/** Options that several tools for servers share: port, STARTTLS, files with certificates and keys. */
import { octetsOf } from "../daemon/trust-files.ts";
import { type StarttlsProtocol, starttlsProtocols } from "../mail/dialogs.ts";
import { type KeyMaterial, KeyMaterialError, readKeyMaterial } from "../mail/key-material.ts";
import { type Given, type OptionRows, UsageError } from "./command.ts";

/** `--port`, or the one given elsewhere, or 25. */
export function portFrom(given: Given, otherwise?: number | null): number {
  const port = given.number("port", { min: 1, max: 65535 }) ?? otherwise ?? 25;
  if (!Number.isInteger(port)) throw new UsageError(`--port is ${port}: a whole number expected`);
  return port;
}

/** Options that `starttlsOption` reads. */
export const starttlsRows = {
  starttls: { value: "PROTOCOL", why: `what is spoken before TLS: ${starttlsProtocols.join(", ")}; default: by port` },
  tls: { value: null, why: "TLS from the first octet" },
} satisfies OptionRows;

const byPort: ReadonlyMap<number, StarttlsProtocol> = new Map([
  [24, "lmtp"],
  [25, "smtp"],
  [110, "pop3"],
  [143, "imap"],
  [587, "smtp"],
  [4190, "sieve"],
]);

/** `--starttls`, `--tls`, or what is usual: by port unless `otherwise` says it. */
export function starttlsOption(
  given: Given,
  port: number,
  otherwise: StarttlsProtocol | "none" = byPort.get(port) ?? "none",
): StarttlsProtocol | "none" {
  const wanted = given.text("starttls");
  if (given.on("tls")) {
    if (wanted !== undefined) throw new UsageError("--tls and --starttls contradict each other");
    return "none";
  }
  if (wanted === undefined) return otherwise;
  const protocol = starttlsProtocols.find((one) => one === wanted);
  if (protocol === undefined)
    throw new UsageError(`--starttls is "${wanted}": one of ${starttlsProtocols.join(", ")} expected`);
  return protocol;
}

/** UsageError with file and reason. */
export async function materialFrom(file: string): Promise<KeyMaterial> {
  try {
    return await readKeyMaterial(octetsOf(file), file);
  } catch (error) {
    if (error instanceof KeyMaterialError) throw new UsageError(error.message);
    throw error;
  }
}
