/**
 * Our matcher, through a socket, beside `openssl s_client -dane_*`, on random chains, TLSA sets and names. It takes a
 * while, so it runs only when asked for: ROOTWALK_PEERS=1, and ROOTWALK_PEER_CASES for more than 200 cases.
 *
 * Left out, because OpenSSL does otherwise than the RFCs have it: wildcards inside a label (RFC 7671 §4.4.1 wants whole
 * ones), and sets that mix PKIX with DANE usages, of which OpenSSL 3.0 overlooks a matching DANE-TA.
 */
import { execFileSync, spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer, connect as tlsConnect } from "node:tls";
import { describe, expect, it } from "vitest";
import type { Authenticate } from "../../src/dane/actions.ts";
import { told } from "../../src/dane/codes.ts";
import type { DaneMatch } from "../../src/dane/match.ts";
import { anyUsagePolicy } from "../../src/dane/records.ts";
import { verifyDane } from "../../src/dane/verify.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { hex } from "../../src/wire/text.ts";
import { names, pem, privateKey, record, unsafeSecure } from "./harness.ts";

const cases = Number(process.env["ROOTWALK_PEER_CASES"] ?? 200);
const seed = Number(process.env["ROOTWALK_PEER_SEED"] ?? 1);
const skip =
  process.env["ROOTWALK_PEERS"] !== "1"
    ? "ROOTWALK_PEERS is not 1"
    : opensslVersion() === null
      ? "there is no openssl 3"
      : null;

interface Case {
  readonly sent: readonly string[];
  readonly records: readonly string[];
  readonly name: string;
}

const leaves =
  "leaf leaf leaf leaf-domain leaf-elsewhere leaf-expired leaf-future leaf-wildcard leaf-cn leaf-cn-and-san leaf-client leaf-critical leaf-rsa leaf-by-root leaf-by-root leaf-by-sub leaf-by-sub leaf-ca leaf-no-tls leaf-by-rsa leaf-pss self-expired".split(
    " ",
  );
const issuers =
  "root root other intermediate intermediate intermediate intermediate-expired intermediate-no-ca intermediate-forged intermediate-client intermediate-short intermediate-narrow intermediate-without intermediate-wide intermediate-by-other root-expired sub authority-rsa leaf-ca-again".split(
    " ",
  );
const everyone = [...new Set([...leaves, ...issuers])];
const hosts = ["mx.ta.lab", "mx.ta.lab", "mx.ta.lab", "ta.lab", "elsewhere.example", "a.b.ta.lab", "allowed.example"];

const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
const oneIn = (n: number): boolean => random.integer(n) === 0;

const meantFor: Readonly<Record<string, readonly string[]>> = {
  "leaf-by-root": ["root"],
  "leaf-by-sub": ["sub", "intermediate", "root"],
  "leaf-by-rsa": ["authority-rsa"],
  "leaf-pss": ["authority-rsa"],
};

function randomCase(): Case {
  const leaf = pick(leaves);
  // Half of the chains are such as administrators mean to send, the rest is anything.
  const meant = meantFor[leaf] ?? ["intermediate", "root"];
  const others = oneIn(2)
    ? meant.slice(0, random.integer(meant.length + 1))
    : Array.from({ length: random.integer(5) }, () => pick(issuers));
  if (oneIn(2)) others.splice(random.integer(others.length + 1), 0, pick(issuers));
  const sent = [leaf, ...others];
  const usages = oneIn(5) ? [0, 1] : [2, 2, 3];
  const records = Array.from({ length: 1 + random.integer(3) }, () => randomRecord(sent, pick(usages)));
  return { sent, records, name: pick(hosts) };
}

function randomRecord(sent: readonly string[], usage: number): string {
  const wrong = oneIn(6) ? "!" : "";
  // 0 0 0: OpenSSL also builds paths with it, although it was not sent.
  const matchingType = wrong === "" && usage !== 0 ? random.integer(3) : 1 + random.integer(2);
  const about = oneIn(6)
    ? pick(everyone)
    : usage === 3 || usage === 1
      ? sent[0]!
      : pick([...sent, "root", "intermediate"]);
  return `${usage} ${random.integer(2)} ${matchingType} ${wrong}${about}`;
}

async function bothSay(one: Case): Promise<{ ours: DaneMatch; theirs: string }> {
  const key = privateKey(one.sent[0] === "leaf-rsa" ? "rsa" : "leaf");
  const server = createServer({ key, cert: one.sent.map(pem).join("\n") });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const ours = await weSay(one, port);
    return { ours, theirs: await opensslSays(one, port) };
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function weSay({ records, name }: Case, port: number): Promise<DaneMatch> {
  const plan: Authenticate = {
    do: "authenticate",
    ...told("tlsa usable", ""),
    tlsa: unsafeSecure(...records),
    policy: anyUsagePolicy,
    base: names(name)[0]!,
    sni: name,
    names: names(name),
    expires: Number.POSITIVE_INFINITY,
  };
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", servername: name, rejectUnauthorized: false, ca: [pem("root")] };
    const socket = tlsConnect({ ...options, checkServerIdentity: () => undefined }, () => {
      resolve(verifyDane(socket, plan, { list: "fresh" }));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

function opensslSays({ records, name }: Case, port: number): Promise<string> {
  const rrdata = records.flatMap((text) => {
    const [usage, selector, matchingType, ...data] = record(text);
    return ["-dane_tlsa_rrdata", `${usage} ${selector} ${matchingType} ${hex(Uint8Array.from(data))}`];
  });
  const trust = ["-CAfile", new URL("./certificates/root.pem", import.meta.url).pathname, "-no-CApath", "-no-CAstore"];
  const args = [
    "s_client",
    "-connect",
    `127.0.0.1:${port}`,
    "-dane_tlsa_domain",
    name,
    ...rrdata,
    ...trust,
    "-dane_ee_no_namechecks",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (part) => (text += part));
    child.stderr.on("data", (part) => (text += part));
    child.once("error", reject);
    child.once("close", () => {
      const depth = /matched (?:the )?\w+ (?:certificate )?at depth (\d+)|signed the certificate/.exec(text);
      const code = /Verify return code: (\d+) \(([^)]*)\)/.exec(text);
      if (code?.[1] === "0") resolve(`verified at ${depth?.[1] ?? "?"}`);
      else resolve(code === null ? `nothing: ${text.slice(0, 200)}` : `${code[1]} ${code[2]}`);
    });
  });
}

describe.skipIf(skip !== null)(
  `beside openssl s_client, ${cases} cases from seed ${seed}${skip === null ? "" : ` (skipped: ${skip})`}`,
  () => {
    it("agrees", { timeout: 1000 * cases }, async () => {
      const apart: string[] = [];
      const tally: Record<string, number> = {};
      for (let i = 0; i < cases; i++) {
        const one = randomCase();
        const { ours, theirs } = await bothSay(one);
        const same = summary(ours, theirs) ?? (await knownDifference(one, ours, theirs));
        if (same === null) apart.push(`${shownText(one)}: we ${ours.kind} (${ours.reason}), they ${theirs}`);
        tally[same ?? "apart"] = (tally[same ?? "apart"] ?? 0) + 1;
      }
      console.log(tally);
      expect(apart).toEqual([]);
    });
  },
);

/** What both say; null if they do not say the same. OpenSSL names no depth for a bare key. */
function summary(ours: DaneMatch, theirs: string): string | null {
  if (ours.kind === "refused") return theirs.startsWith("verified") ? null : "refused";
  return theirs === `verified at ${ours.depth}` || theirs === "verified at ?" ? "verified" : null;
}

/** Why they may say different things; null if nothing explains it. */
async function knownDifference(one: Case, ours: DaneMatch, theirs: string): Promise<string | null> {
  if (ours.kind === "verified") {
    // OpenSSL takes the first issuer that fits by name and does not come back to try another: it must verify our way alone.
    const sent = ours.path.map((certificate) => everyone.find((name) => pem(name) === certificate.toString())!);
    const { usage, selector, matchingType, data } = ours.record;
    const matched = Buffer.of(usage, selector, matchingType, ...data);
    const alone = await bothSay({ ...one, sent, records: one.records.filter((text) => matched.equals(record(text))) });
    return alone.theirs.startsWith("verified") ? "verified, by a path that OpenSSL did not try" : null;
  }
  if (!theirs.startsWith("verified")) return null;
  // OpenSSL does not look at the dates of an anchor that is not self-signed.
  const anchor = /^CN=(Intermediate|Sub) expired/.exec(ours.reason);
  if (anchor !== null && one.records.some((text) => /^2 . . !?(intermediate|sub)/.test(text)))
    return "refused, for an expired anchor";
  return ours.reason.includes("has no DNS names, but lies under")
    ? "refused, for a common name under name constraints"
    : null;
}

function shownText({ sent, records, name }: Case): string {
  return `${sent.join(" ")} | ${records.join(", ")} | ${name}`;
}

function opensslVersion(): string | null {
  try {
    const version = execFileSync("openssl", ["version"], { encoding: "utf8" });
    return /^OpenSSL 3/.test(version) ? version : null;
  } catch {
    return null;
  }
}
