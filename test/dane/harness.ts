/** Certificates of ./certificates, TLSA records for them, and lab worlds with a resolver in them. */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mintSecure, type Secure } from "../../src/dnssec/verdict.ts";
import { type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld, type WorldDescription, type ZoneDescription } from "../../src/lab/world.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { Settings } from "../../src/resolver/options.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { resolverIn } from "../lab/resolver.ts";

const folder = new URL("./certificates/", import.meta.url);

export function pem(name: string): string {
  return readFileSync(new URL(`${name}.pem`, folder), "utf8");
}

export function privateKey(name: string): string {
  return readFileSync(new URL(`${name}.key`, folder), "utf8");
}

/** "leaf intermediate root": a chain as a server sends it. */
export function chain(names: string): X509Certificate[] {
  return names
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => new X509Certificate(pem(name)));
}

export function spki(certificate: X509Certificate): Buffer {
  return certificate.publicKey.export({ type: "spki", format: "der" });
}

/** "2 1 1 root": the record of that form for that certificate; "2 1 1 !root" the same with a wrong octet; hex stays as it is. */
export function record(text: string): Uint8Array {
  const [usage, selector, matchingType, of = ""] = text.split(" ");
  return Uint8Array.from([
    Number(usage),
    Number(selector),
    Number(matchingType),
    ...dataFor(Number(selector), Number(matchingType), of),
  ]);
}

function dataFor(selector: number, matchingType: number, of: string): Uint8Array {
  if (/^([0-9a-f]{2})*$/.test(of)) return Buffer.from(of, "hex");
  const certificate = new X509Certificate(pem(of.replace("!", "")));
  const selected = selector === 0 ? certificate.raw : spki(certificate);
  const hash = ["", "sha256", "sha512"][matchingType] ?? "sha384";
  const data = matchingType === 0 ? Uint8Array.from(selected) : createHash(hash).update(selected).digest();
  if (of.startsWith("!")) data[data.length - 1]! ^= 0xff;
  return data;
}

/** The same as a line of a zone. */
export function tlsaLine(owner: string, text: string): string {
  const [usage, selector, matchingType, ...data] = record(text);
  return `${owner} TLSA ${usage} ${selector} ${matchingType} ${Buffer.from(data).toString("hex")}\n`;
}

export function rrsetOf(...records: readonly string[]): RRset<typeof TYPE.TLSA> {
  const data = records.map(record) as [Uint8Array, ...Uint8Array[]];
  return { name: Name.parse("_25._tcp.mx.ta.lab"), type: TYPE.TLSA, ttl: 3600, data, signatures: [] };
}

/** Records that nobody proved: for tests of the matcher alone. */
export function unsafeSecure(...records: readonly string[]): Secure<RRset<typeof TYPE.TLSA>> {
  return mintSecure(rrsetOf(...records), { parts: [], validUntil: LAB_NOW + 86400 });
}

export function names(...texts: readonly string[]): Name[] {
  return texts.map((text) => Name.parse(text));
}

export interface InWorld {
  readonly resolver: Resolver;
  readonly clock: VirtualClock;
  /** "mx.good.lab. TLSA" for each question that came to a server of the world. */
  readonly asked: () => readonly string[];
}

/** A root, lab. and `zones` below it, a cold resolver in front, virtual time; no sockets. */
export async function inWorld<T>(
  zones: readonly ZoneDescription[],
  work: (world: InWorld) => Promise<T>,
  options: {
    readonly servers?: WorldDescription["servers"];
    readonly settings?: Partial<Settings>;
    readonly negativeAnchors?: readonly Name[];
  } = {},
): Promise<T> {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const { servers = [], settings = {}, negativeAnchors = [] } = options;
  const description: WorldDescription = { zones: [{ apex: "." }, { apex: "lab." }, ...zones], servers };
  const lab = buildWorld(description, LAB_NOW, { clock });
  const resolver = resolverIn(lab, clock, { negativeAnchors, settings });
  const asked = () => lab.asked.map(({ question }) => `${question.name} ${question.type}`);
  try {
    return await clock.run(() => work({ resolver, clock, asked }));
  } finally {
    await resolver.close();
  }
}

export { LAB_NOW };
