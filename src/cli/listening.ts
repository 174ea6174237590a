/** From flags to the addresses that a daemon listens on, and back to words. */
import { networkInterfaces } from "node:os";
import type { ServerAddress } from "../env/env.ts";
import { serverAddressFrom, serverAddressText, withoutWildcards } from "../server/addresses.ts";
import { DOH_PATH } from "../server/doh.ts";
import { IdentityError, type IdentityFiles, readIdentity, type TlsIdentity } from "../server/identity.ts";
import type { ListenAddress, Listening } from "../server/listeners.ts";
import { type Given, UsageError } from "./command.ts";

const TLS_PORT = 853;
const HTTPS_PORT = 443;

/** UsageError that names the option. Wildcards become the addresses that this machine has now. */
export function addressesFrom(given: Given, option: string, defaultPort: number): readonly ServerAddress[] {
  const texts = given.texts(option);
  if (texts.length === 0) return [];
  const local = Object.values(networkInterfaces()).flatMap((entries) => entries?.map((entry) => entry.address) ?? []);
  const wanted = texts.map((text) => checked(() => serverAddressFrom(text, defaultPort), `--${option}`));
  const addresses = withoutWildcards(wanted, local);
  if (addresses.length === 0) throw new UsageError(`--${option} ${texts.join(" ")}: this machine has no such address`);
  return addresses;
}

/** Where TLS and HTTPS are served; nowhere unless asked for. */
export function encryptedAddresses(given: Given): readonly ListenAddress[] {
  return [
    ...addressesFrom(given, "tls-listen", TLS_PORT).map((address) => ({ ...address, serves: "tls" as const })),
    ...addressesFrom(given, "https-listen", HTTPS_PORT).map((address) => ({ ...address, serves: "https" as const })),
  ];
}

/** Null: neither TLS nor HTTPS is served. */
export function identityFilesFrom(given: Given): IdentityFiles | null {
  const [certificate, key] = [given.text("tls-certificate"), given.text("tls-key")];
  const isWanted = given.texts("tls-listen").length + given.texts("https-listen").length > 0;
  if (!isWanted) {
    if (certificate === undefined && key === undefined) return null;
    throw new UsageError(
      "--tls-certificate and --tls-key are for --tls-listen and --https-listen, and neither is given",
    );
  }
  if (certificate === undefined || key === undefined)
    throw new UsageError("--tls-listen and --https-listen need --tls-certificate FILE and --tls-key FILE");
  return { certificate, key };
}

export function identityFrom(files: IdentityFiles): TlsIdentity {
  try {
    return readIdentity(files);
  } catch (error) {
    if (error instanceof IdentityError) throw new UsageError(error.message);
    throw error;
  }
}

/** `127.0.0.1:53 [::1]:53 tls://127.0.0.1:853 https://127.0.0.1:443/dns-query`. */
export function readyText({ addresses, tlsAddresses, httpsAddresses }: Listening): string {
  return [
    ...addresses.map(serverAddressText),
    ...tlsAddresses.map((address) => `tls://${serverAddressText(address)}`),
    ...httpsAddresses.map((address) => `https://${serverAddressText(address)}${DOH_PATH}`),
  ].join(" ");
}

/** What a parser says of a user's text becomes a line for the user. */
export function checked<T>(parse: () => T, option: string): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}
