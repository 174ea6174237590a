/** Zones signed by three programs that share no code: BIND's, ldns's and Knot DNS's signers. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Signing } from "./plan.ts";
import { runTool } from "./run-tool.ts";

export interface ToSign {
  readonly apex: string;
  readonly text: string;
  readonly how: Signing;
  /** Unix seconds; signatures run from a day before to two weeks after. */
  readonly at: number;
  /** A folder of its own. */
  readonly folder: string;
  /** A second KSK, and one that is revoked but still signs: the root's key set in a rollover (RFC 5011). */
  readonly rolling: boolean;
}

export interface SignedZone {
  readonly text: string;
  /** RDATA of the DS RRs for the parent, or of the trust anchors. */
  readonly ds: readonly string[];
}

const DAY = 86400;

export function signZone(zone: ToSign): Promise<SignedZone> {
  mkdirSync(zone.folder, { recursive: true });
  switch (zone.how.signer) {
    case "bind":
      return withBind(zone);
    case "ldns":
      return withLdns(zone);
    case "knot":
      return withKnot(zone);
  }
}

/** Mnemonics as BIND writes them. */
const mnemonics: ReadonlyMap<number, string> = new Map([
  [5, "RSASHA1"],
  [7, "NSEC3RSASHA1"],
  [8, "RSASHA256"],
  [10, "RSASHA512"],
  [13, "ECDSAP256SHA256"],
  [14, "ECDSAP384SHA384"],
  [15, "ED25519"],
  [16, "ED448"],
]);

function mnemonic(algorithm: number): string {
  const found = mnemonics.get(algorithm);
  if (found === undefined) throw new TypeError(`no name for algorithm ${algorithm}`);
  return found;
}

const isRsa = (algorithm: number): boolean => algorithm <= 10;

async function withBind({ apex, text, how, at, folder, rolling }: ToSign): Promise<SignedZone> {
  const size = isRsa(how.algorithm) ? ["-b", "2048"] : [];
  const keygen = async (...extra: string[]): Promise<string> => {
    const args = ["-q", "-K", folder, "-a", mnemonic(how.algorithm), ...size, ...extra, apex];
    return (await runTool("dnssec-keygen", args)).stdout.trim();
  };
  const ksk = await keygen("-f", "KSK");
  const anchors = [ksk];
  const keySigners = [ksk];
  const zoneSigners = how.keys === "split" ? [await keygen()] : [];
  if (rolling) {
    const second = await keygen("-f", "KSK");
    const revoked = (await runTool("dnssec-revoke", ["-K", folder, await keygen("-f", "KSK")])).stdout.trim();
    anchors.push(second);
    keySigners.push(second, revoked.split("/").at(-1)!);
  }
  const keyText = [...keySigners, ...zoneSigners].map((key) => readFileSync(join(folder, `${key}.key`), "utf8"));
  const [input, output] = [join(folder, "zone"), join(folder, "zone.signed")];
  writeFileSync(input, text + keyText.join(""));
  await runTool(
    "dnssec-signzone",
    [
      ...["-q", "-P", "-n", "1", "-O", "full", "-N", "keep", "-K", folder, "-d", folder, "-o", apex, "-f", output],
      ...["-s", compactTime(at - DAY), "-e", compactTime(at + 14 * DAY)],
      ...(how.denial === "nsec" ? [] : ["-3", how.salt || "-", "-H", String(how.iterations)]),
      ...(how.denial === "opt-out" ? ["-A"] : []),
      ...(how.keys === "single" ? ["-z"] : ["-x"]),
      ...keySigners.flatMap((key) => ["-k", key]),
      input,
      ...zoneSigners,
    ],
    { cwd: folder },
  );
  const ds = await Promise.all(
    anchors.map(async (key) => dsRdata((await runTool("dnssec-dsfromkey", ["-2", join(folder, key)])).stdout)),
  );
  return { text: readFileSync(output, "utf8"), ds: ds.flat() };
}

async function withLdns({ apex, text, how, at, folder }: ToSign): Promise<SignedZone> {
  const name = how.algorithm === 7 ? "RSASHA1_NSEC3" : mnemonic(how.algorithm);
  const size = isRsa(how.algorithm) ? ["-b", "2048"] : [];
  const keygen = async (...extra: string[]): Promise<string> => {
    const args = ["-a", name, ...size, "-r", "/dev/urandom", ...extra, apex];
    return (await runTool("ldns-keygen", args, { cwd: folder })).stdout.trim();
  };
  const ksk = await keygen("-k");
  const keys = how.keys === "split" ? [ksk, await keygen()] : [ksk];
  writeFileSync(join(folder, "zone"), text);
  await runTool(
    "ldns-signzone",
    [
      ...["-o", apex, "-f", "zone.signed", "-i", compactTime(at - DAY), "-e", compactTime(at + 14 * DAY)],
      ...(how.denial === "nsec" ? [] : ["-n", "-t", String(how.iterations)]),
      ...(how.denial !== "nsec" && how.salt !== "" ? ["-s", how.salt] : []),
      ...(how.denial === "opt-out" ? ["-p"] : []),
      "zone",
      ...keys,
    ],
    { cwd: folder },
  );
  const ds = await runTool("ldns-key2ds", ["-n", "-2", `${ksk}.key`], { cwd: folder });
  return { text: readFileSync(join(folder, "zone.signed"), "utf8"), ds: dsRdata(ds.stdout) };
}

async function withKnot({ apex, text, how, at, folder }: ToSign): Promise<SignedZone> {
  const conf = join(folder, "knot.conf");
  writeFileSync(join(folder, "zone"), text);
  writeFileSync(
    conf,
    `server:
  rundir: ${folder}
database:
  storage: ${folder}
  kasp-db-max-size: 8M
  journal-db-max-size: 8M
  timer-db-max-size: 8M
policy:
  - id: this
    algorithm: ${mnemonic(how.algorithm).toLowerCase()}
    single-type-signing: ${how.keys === "single" ? "on" : "off"}
    ksk-lifetime: 0
    zsk-lifetime: 0
    rrsig-lifetime: 14d
    rrsig-refresh: 1d
    dnskey-ttl: 300
    cds-cdnskey-publish: none
    nsec3: ${how.denial === "nsec" ? "off" : "on"}
    nsec3-opt-out: ${how.denial === "opt-out" ? "on" : "off"}
    nsec3-iterations: ${how.iterations}
    nsec3-salt-length: ${how.salt.length / 2}
zone:
  - domain: ${apex}
    file: ${join(folder, "zone")}
    journal-content: none
    dnssec-signing: on
    dnssec-policy: this
`,
  );
  const out = join(folder, "signed");
  mkdirSync(out);
  await runTool("kzonesign", ["-c", conf, "-o", out, "-t", String(at), apex]);
  const ds = await runTool("keymgr", ["-c", conf, apex, "ds"]);
  return {
    text: readFileSync(join(out, "zone"), "utf8"),
    ds: dsRdata(ds.stdout).filter((rdata) => rdata.split(" ")[2] === "2"),
  };
}

/** `example. [TTL] IN DS 1 2 3 ABCD…`, with or without blanks in the digest, to `1 2 3 ABCD…`. */
function dsRdata(text: string): string[] {
  return text
    .split("\n")
    .map((line) => /\sDS\s+([0-9]+)\s+([0-9]+)\s+([0-9]+)\s+([0-9A-Fa-f ]+)/.exec(line))
    .filter((match) => match !== null)
    .map(([, tag, algorithm, type, digest]) => `${tag} ${algorithm} ${type} ${digest!.replaceAll(" ", "")}`);
}

/** YYYYMMDDHHmmSS, as RFC 4034 §3.2 writes times. */
function compactTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(/[-:T]|\.\d+Z$/g, "");
}
