/** `rootwalk dane check` as operators run it, beside what Postfix did with the same domains, and openssl s_client with the same servers. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { DomainReport, HostReport, Outcome, ServerReport } from "../../src/mail/check-report.ts";
import { runTool } from "../peers/run-tool.ts";
import type { Seen } from "./agreement.ts";

export interface Files {
  readonly hintsFile: string;
  readonly anchorsFile: string;
}

export async function checkDomains(
  domains: readonly string[],
  { hintsFile, anchorsFile }: Files,
): Promise<readonly DomainReport[]> {
  const { stdout, code } = await runTool(
    process.execPath,
    [
      ...[join(process.cwd(), "dist/main.js"), "dane", "check", "--json", "--concurrency", "16", "--query-private"],
      ...["--root-hints", hintsFile, "--trust-anchor-file", anchorsFile, ...domains],
    ],
    { allowFailure: true, timeoutMs: 60_000 },
  );
  // Some are mismatches, and that is the worst.
  if (code !== 3) throw new Error(`dane check ended with ${code}`);
  return (JSON.parse(stdout) as { domains: DomainReport[] }).domains;
}

/** How the check's word and Postfix's deed differ, as sentences; none if they do not. */
export function differencesFrom(seen: Seen, { outcome, hosts, reason }: DomainReport): readonly string[] {
  const expected = outcomesFor(seen);
  if (expected.includes(outcome)) return [];
  // Postfix goes on to the next host; the check looks at all of them.
  const goesOn = hosts.length > 1 && hosts.some((host) => expected.includes(host.outcome));
  return goesOn ? [] : [`dane check: ${outcome} (${reason}); from Postfix ${expected.join(" or ")} follows`];
}

function outcomesFor(seen: Seen): readonly Outcome[] {
  switch (seen.status) {
    case "sent":
      return seen.tls === "Verified" || seen.tls === "Trusted" ? ["verified"] : ["no tlsa"];
    case "unknown":
      return [];
    case "deferred":
    case "bounced":
      break;
  }
  switch (seen.reason) {
    case "tlsa failed":
    case "mx bogus":
    case "address bogus":
      return ["bogus", "undetermined"];
    case "null mx":
    case "no address":
    case "no such domain":
      return ["no host"];
    default:
      return ["mismatch"];
  }
}

/** The same server and records by OpenSSL, which takes one name at a time. Null: the two agree. */
export async function opensslDiffers(host: HostReport, server: ServerReport): Promise<string | null> {
  if (server.outcome !== "verified" && server.outcome !== "mismatch") return null;
  const records = (host.tlsa?.records ?? []).filter(({ state }) => state !== "unusable").map(({ record }) => record);
  const said: string[] = [];
  for (const name of host.names) said.push(await opensslSays(name.slice(0, -1), { records, server, host }));
  const theirs = said.includes("verified") ? "verified" : "mismatch";
  return theirs === server.outcome ? null : `we ${server.outcome}, openssl s_client ${said.join(", ")}`;
}

interface Asked {
  readonly records: readonly string[];
  readonly server: ServerReport;
  readonly host: HostReport;
}

async function opensslSays(name: string, { records, server, host }: Asked): Promise<string> {
  const args = [
    ...["s_client", "-connect", `${server.address}:${host.port}`, "-starttls", "smtp", "-servername", host.sni ?? name],
    ...["-dane_tlsa_domain", name, "-dane_ee_no_namechecks", "-no-CAfile", "-no-CApath", "-no-CAstore"],
    ...records.flatMap((record) => ["-dane_tlsa_rrdata", record]),
  ];
  // With a pipe for its input s_client would wait for something to say.
  const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 });
  let stdout = "";
  for await (const chunk of child.stdout) stdout += chunk;
  return /Verify return code: 0 \(ok\)/.test(stdout) && /TLSA .* (?:matched|signed) /.test(stdout)
    ? "verified"
    : "refused";
}
