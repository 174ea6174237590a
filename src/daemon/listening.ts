/** From a configuration to the addresses and the certificate with which the daemon listens, and back to words. */
import { networkInterfaces } from "node:os";
import type { ServerAddress } from "../env/env.ts";
import { serverAddressFrom, serverAddressText, withoutWildcards } from "../server/addresses.ts";
import { DOH_PATH } from "../server/doh.ts";
import { IdentityError, type IdentityFiles, readIdentity, type TlsIdentity } from "../server/identity.ts";
import type { ListenAddress, Listening } from "../server/listeners.ts";
import { alike, type Configuration } from "./configuration.ts";
import { DNS_PORT, HTTPS_PORT, TLS_PORT } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** UsageError that names the option where this machine has no such address. */
export function listenAddresses(
  configuration: Configuration,
  inherited: readonly ListenAddress[] | null = null,
): readonly ListenAddress[] {
  const plain = addressesFrom(configuration, "listen", DNS_PORT);
  const standard: readonly ListenAddress[] = [
    { address: "127.0.0.1", port: DNS_PORT },
    { address: "::1", port: DNS_PORT, optional: true },
  ];
  return [
    // Sockets that systemd opened are the operator's word, like `listen`; its unit is the place to change them.
    ...(inherited ?? (configuration.options.listen.length === 0 ? standard : plain)),
    ...addressesFrom(configuration, "tls-listen", TLS_PORT).map((each) => ({ ...each, serves: "tls" as const })),
    ...addressesFrom(configuration, "https-listen", HTTPS_PORT).map((each) => ({ ...each, serves: "https" as const })),
  ];
}

/** Wildcards become the addresses that this machine has now. */
function addressesFrom(
  { options, label }: Configuration,
  option: "listen" | "tls-listen" | "https-listen",
  defaultPort: number,
): readonly ServerAddress[] {
  const texts = options[option];
  if (texts.length === 0) return [];
  const local = Object.values(networkInterfaces()).flatMap((entries) => entries?.map((entry) => entry.address) ?? []);
  const addresses = withoutWildcards(
    texts.map((text) => serverAddressFrom(text, defaultPort)),
    local,
  );
  if (addresses.length === 0)
    throw new UsageError(`${label(option)} ${texts.join(" ")}: this machine has no such address`);
  return addresses;
}

/** Null: neither TLS nor HTTPS is served. */
export function identityFilesOf(configuration: Configuration): IdentityFiles | null {
  const { options } = configuration;
  const [certificate, key] = [options["tls-certificate"], options["tls-key"]];
  const isWanted = options["tls-listen"].length + options["https-listen"].length > 0;
  if (!isWanted) {
    if (certificate === null && key === null) return null;
    const of = alike(configuration, certificate === null ? "tls-key" : "tls-certificate");
    throw new UsageError(
      `${of("tls-certificate")} and ${of("tls-key")} are for ${of("tls-listen")} and ${of("https-listen")}, and neither is given`,
    );
  }
  if (certificate === null || key === null) {
    const of = alike(configuration, options["tls-listen"].length > 0 ? "tls-listen" : "https-listen");
    throw new UsageError(
      `${of("tls-listen")} and ${of("https-listen")} need ${of("tls-certificate")} FILE and ${of("tls-key")} FILE`,
    );
  }
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
export function readyText({
  addresses,
  tlsAddresses,
  httpsAddresses,
}: Pick<Listening, "addresses" | "tlsAddresses" | "httpsAddresses">): string {
  return [
    ...addresses.map(serverAddressText),
    ...tlsAddresses.map((address) => `tls://${serverAddressText(address)}`),
    ...httpsAddresses.map((address) => `https://${serverAddressText(address)}${DOH_PATH}`),
  ].join(" ");
}
