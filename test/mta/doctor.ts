/** `rootwalk doctor` where real Postfix and Exim are: what it finds to be ill. */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runTool } from "../peers/run-tool.ts";

interface Finding {
  readonly department: string;
  readonly check: string;
  readonly level: string;
  readonly found: string;
}

export interface Examination {
  /** "problem resolv.conf trust-ad", in order. */
  readonly ill: readonly string[];
  readonly skipped: readonly string[];
  readonly code: number | null;
}

/** `postfixConfig`: the folder that /etc/postfix would be. */
export async function examineHere(
  postfixConfig: string,
  { hintsFile, anchorsFile }: { readonly hintsFile: string; readonly anchorsFile: string },
): Promise<Examination> {
  if (!existsSync("/etc/postfix")) symlinkSync(postfixConfig, "/etc/postfix");
  mkdirSync("/etc/exim4", { recursive: true });
  const args = [
    ...["doctor", "--json", "--root-hints", hintsFile, "--trust-anchor-file", anchorsFile],
    ...["--bogus-name", "_25._tcp.mx.bogus.lab", "--unsigned-name", "mx.hosts.plain"],
  ];
  const main = join(process.cwd(), "dist/main.js");
  const { stdout, code } = await runTool(process.execPath, [main, ...args], { allowFailure: true });
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  const of = (levels: readonly string[]) => findings.filter(({ level }) => levels.includes(level));
  return {
    ill: of(["note", "warning", "problem"]).map(({ level, check, found }) => `${level} ${check}: ${found}`),
    skipped: of(["skipped"]).map(({ check, found }) => `${check}: ${found}`),
    code,
  };
}
