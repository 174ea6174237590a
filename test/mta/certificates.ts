/** The certificates of the lab's mail servers, made by openssl for each run. */
import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../peers/run-tool.ts";

/** What a mail server shows: its key, and its chain as PEM, leaf first. */
export interface Identity {
  readonly key: string;
  readonly chain: string;
}

export interface Certificates {
  /** Expired yesterday and named after nobody: DANE-EE must not mind. RFC 7671 §5.1. */
  readonly careless: Identity;
  /** The same with so many names that it does not fit a datagram. */
  readonly big: Identity;
  /** By the lab's CA, which stands in the chain. */
  readonly issuedTo: (name: string) => Identity;
  readonly ca: X509Certificate;
}

/** Names that the CA issues to. */
export async function makeCertificates(folder: string, names: readonly string[]): Promise<Certificates> {
  const openssl = (...args: readonly string[]) => runTool("openssl", args, { cwd: folder });
  const key = async (name: string): Promise<void> => {
    await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  };
  const sign = async (name: string, { days, extensions, issuer }: Signing): Promise<void> => {
    await openssl(
      "req",
      "-config",
      "req.conf",
      "-new",
      "-key",
      `${name}.key`,
      "-subj",
      `/CN=${name}`,
      "-out",
      `${name}.csr`,
    );
    writeFileSync(join(folder, `${name}.ext`), `${extensions.join("\n")}\n`);
    const by = issuer === null ? ["-signkey", `${name}.key`] : ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`];
    await openssl(
      ...["x509", "-req", "-in", `${name}.csr`, ...by, "-set_serial", `${serial++}`, "-days", `${days}`, "-sha256"],
      ...["-extfile", `${name}.ext`, "-out", `${name}.pem`],
    );
  };
  let serial = 1;
  writeFileSync(join(folder, "req.conf"), "[req]\ndistinguished_name = name\n[name]\n");
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");

  const manyNames = Array.from({ length: 40 }, (_, i) => `DNS:one-of-many-names-${i}.example`).join(",");
  await key("nobody.invalid");
  await sign("nobody.invalid", { days: -1, extensions: ["subjectAltName=DNS:nobody.invalid"], issuer: null });
  await key("big.invalid");
  await sign("big.invalid", { days: -1, extensions: [`subjectAltName=${manyNames}`], issuer: null });
  await key("ca");
  await sign("ca", {
    days: 2,
    extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"],
    issuer: null,
  });
  for (const name of names) {
    await key(name);
    await sign(name, {
      days: 1,
      extensions: [`subjectAltName=DNS:${name}`, "extendedKeyUsage=serverAuth"],
      issuer: "ca",
    });
  }
  const identity = (name: string, above = ""): Identity => ({
    key: read(`${name}.key`),
    chain: read(`${name}.pem`) + above,
  });
  return {
    careless: identity("nobody.invalid"),
    big: identity("big.invalid"),
    issuedTo: (name) => identity(name, read("ca.pem")),
    ca: new X509Certificate(read("ca.pem")),
  };
}

interface Signing {
  readonly days: number;
  readonly extensions: readonly string[];
  readonly issuer: string | null;
}

/** TLSA certificate association data in hexadecimal. RFC 6698 §2.1. */
export function association(certificate: X509Certificate, selector: 0 | 1, matching: 0 | 1 | 2): string {
  const octets = selector === 0 ? certificate.raw : spki(certificate.publicKey);
  switch (matching) {
    case 0:
      return octets.toString("hex");
    case 1:
      return createHash("sha256").update(octets).digest("hex");
    case 2:
      return createHash("sha512").update(octets).digest("hex");
  }
}

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });
