/** A few questions by the tools that people use: dig, delv and drill; and what is too big for a datagram. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./addresses.ts";
import type { ZonePlan } from "./plan.ts";
import { runTool } from "./run-tool.ts";
import type { Tree } from "./tree.ts";
import type { Validator, World } from "./validators.ts";

interface Check {
  readonly what: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly expect: readonly RegExp[];
  readonly refuse?: readonly RegExp[];
}

/** One line for each check that failed. */
export async function failedChecks(
  tree: Tree,
  authorities: readonly Authority[],
  rootwalk: Validator,
  world: World,
  folder: string,
): Promise<{ readonly made: number; readonly failed: readonly string[] }> {
  const checks = [
    ...digChecks(tree, authorities, rootwalk),
    ...delvChecks(rootwalk, world, folder),
    ...drillChecks(rootwalk, world),
  ];
  const failed: string[] = [];
  for (const { what, command, args, expect, refuse } of checks) {
    const { stdout, stderr } = await runTool(command, args, { allowFailure: true });
    const output = stdout + stderr;
    const missing = expect.find((pattern) => !pattern.test(output));
    const unwanted = refuse?.find((pattern) => pattern.test(output));
    if (missing === undefined && unwanted === undefined) continue;
    const why = missing === undefined ? `${unwanted} is there` : `${missing} is not there`;
    failed.push(`${what}: ${command} ${args.join(" ")}: ${why}\n${output.trim().replace(/^/gm, "      ")}`);
  }
  return { made: checks.length, failed };
}

const AD = /flags: [a-z ]*\bad\b/;
const SECURE_TLSA = "_25._tcp.mx.bind-13-nsec.alpha";

function digChecks(tree: Tree, authorities: readonly Authority[], { port }: Validator): Check[] {
  const big = zoneWithBigTlsa(tree.zones.map(({ plan }) => plan));
  const bigName = `_25._tcp.big.${big.apex.slice(0, -1)}`;
  const holder = authorities.find(({ tier, program }) => tier === "domain" && program === big.programs[0])!;
  const root = authorities.find(({ tier }) => tier === "root")!;
  const dig = (...args: string[]): string[] => ["+time=10", "+tries=1", ...args];
  const ask = (...args: string[]): string[] => dig("@127.0.0.1", "-p", String(port), ...args);
  const rdata = big.records.filter((line) => line.startsWith("_25._tcp.big ")).map((line) => line.split(" ").at(-1)!);
  const whole = rdata.map((hex) => new RegExp(hex, "i"));
  return [
    {
      what: "a TLSA is secure",
      command: "dig",
      args: ask(SECURE_TLSA, "TLSA", "+dnssec"),
      expect: [AD, /status: NOERROR/, /\sTLSA\s+3 1 1 /, /\sRRSIG\s+TLSA 13 /],
    },
    {
      what: "without DO and AD nothing speaks of DNSSEC",
      command: "dig",
      args: ask(SECURE_TLSA, "TLSA", "+noad"),
      expect: [/status: NOERROR/, /\sTLSA\s+3 1 1 /],
      refuse: [AD, /RRSIG/],
    },
    {
      what: "a broken zone is SERVFAIL with a reason",
      command: "dig",
      args: ask("www.expired.alpha", "A", "+dnssec"),
      expect: [/status: SERVFAIL/, /EDE: 7 /],
      refuse: [AD],
    },
    {
      what: "with CD the broken data comes",
      command: "dig",
      args: ask("www.expired.alpha", "A", "+dnssec", "+cd"),
      expect: [/status: NOERROR/, /\sRRSIG\s+A 13 /],
      refuse: [AD],
    },
    {
      what: "its server cannot give the big TLSA by UDP",
      command: "dig",
      args: dig(`@${holder.addresses[0]}`, bigName, "TLSA", "+dnssec", "+bufsize=1232", "+ignore", "+norec"),
      expect: [/flags: [a-z ]*\btc\b/],
    },
    {
      what: "neither can rootwalk",
      command: "dig",
      args: ask(bigName, "TLSA", "+dnssec", "+bufsize=4096", "+ignore"),
      expect: [/flags: [a-z ]*\btc\b/],
    },
    {
      what: "the big TLSA comes by TCP, whole and secure",
      command: "dig",
      args: ask(bigName, "TLSA", "+dnssec", "+nosplit"),
      expect: [AD, /\(TCP\)/, /\sTLSA\s+3 0 0 /, ...whole],
    },
    {
      what: "a root server cannot give the keys by UDP",
      command: "dig",
      args: dig(`@${root.addresses[0]}`, ".", "DNSKEY", "+dnssec", "+bufsize=1232", "+ignore", "+norec"),
      expect: [/flags: [a-z ]*\btc\b/],
    },
    {
      what: "the root's keys, two KSKs and a revoked one, come by TCP and are secure",
      command: "dig",
      args: ask(".", "DNSKEY", "+dnssec"),
      expect: [AD, /\(TCP\)/, /DNSKEY\s+385 3 8 /, /(DNSKEY\s+257 3 8 .*\s.*){2}/s, /DNSKEY\s+256 3 8 /],
    },
  ];
}

function zoneWithBigTlsa(zones: readonly ZonePlan[]): ZonePlan {
  const found = zones.find(
    ({ wound, signing, records }) =>
      wound === null && signing?.algorithm === 13 && records.some((line) => line.startsWith("_25._tcp.big ")),
  );
  if (found === undefined) throw new TypeError("no zone of the plan has a TLSA set above 1232 octets");
  return found;
}

/** delv validates by itself, from the same anchor: rootwalk must hand out whatever that takes. */
function delvChecks({ port }: Validator, { ds }: World, folder: string): Check[] {
  const anchors = join(folder, "delv.anchors");
  const rows = ds.map((rdata) => `"." static-ds ${rdata.replace(/(\S+)$/, '"$1"')};`);
  writeFileSync(anchors, `trust-anchors { ${rows.join(" ")} };\n`);
  const delv = (...args: string[]): string[] => ["@127.0.0.1", "-p", String(port), "-a", anchors, "+root=.", ...args];
  const check = (what: string, name: string, type: string, expect: RegExp): Check => ({
    what: `delv: ${what}`,
    command: "delv",
    args: delv(name, type),
    expect: [expect],
  });
  return [
    check("a TLSA is secure", SECURE_TLSA, "TLSA", /fully validated/),
    check("algorithm 8, NSEC3", "mx.ldns-8-nsec3.beta", "A", /fully validated/),
    check("a wildcard is secure", "any.wild.ldns-15-nsec.alpha", "A", /fully validated/),
    check(
      "a name does not exist",
      "nobody.knot-13-nsec3.beta",
      "A",
      /negative response, fully validated\s.*-\$NXDOMAIN/,
    ),
    check("an unsigned zone", "www.u2.alpha", "A", /unsigned answer/),
    check("expired signatures", "www.expired.alpha", "A", /broken trust chain|RRSIG.*expired|resolution failed/),
  ];
}

/** drill -D shows what came; drill -S chases signatures up to the anchor by itself (-a: by TCP when truncated). */
function drillChecks({ port }: Validator, { anchorsFile }: World): Check[] {
  const check = (what: string, options: readonly string[], name: string, type: string, ...expect: RegExp[]): Check => ({
    what: `drill ${options[0]}: ${what}`,
    command: "drill",
    args: [...options, "-p", String(port), "@127.0.0.1", name, type],
    expect,
  });
  const chase = ["-S", "-a", "-k", anchorsFile];
  return [
    check("a TLSA is secure", ["-D"], SECURE_TLSA, "TLSA", AD, /RRSIG/),
    check("a name does not exist", ["-D"], "nobody.bind-14-nsec.delta", "A", AD, /NXDOMAIN/),
    check("a broken zone", ["-D"], "www.stripped.delta", "A", /SERVFAIL/),
    check("a TLSA is secure", chase, SECURE_TLSA, "TLSA", /Chase successful/),
    check("algorithm 15, NSEC3", chase, "mx.ldns-15-nsec3.beta", "A", /Chase successful/),
    check("a name does not exist", chase, "nobody.bind-14-nsec.delta", "A", /Existence denied[\s\S]*Chase successful/),
    check("expired signatures", chase, "www.expired.alpha", "A", /signature has expired[\s\S]*Chase failed/),
  ];
}
