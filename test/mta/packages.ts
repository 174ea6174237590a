/**
 * Postfix and Exim as Debian builds them, unpacked beside each other in a folder: as packages they exclude one another,
 * and either would become this machine's mail server.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathOf } from "../peers/programs.ts";

const mailServers = ["postfix", "exim4-daemon-light"];

/** Tools that a bare machine may lack, by package. */
const tools: ReadonlyMap<string, string> = new Map([
  ["ip", "iproute2"],
  ["openssl", "openssl"],
]);

/** The folder that holds their `usr`; fetched once. Throws an Error of one line where that is not possible. */
export function fetchPrograms(folder: string, tell: (line: string) => void): string {
  if (existsSync(folder)) return folder;
  for (const program of ["apt-get", "dpkg"]) {
    if (pathOf(program) === null) throw new Error(`no ${program}: Postfix and Exim come from Debian's packages`);
  }
  const unpacked = `${folder}.partly`;
  rmSync(unpacked, { recursive: true, force: true });
  const missing = [...tools].filter(([program]) => pathOf(program) === null).map(([, name]) => name);
  tell(`fetching ${[...mailServers, ...missing].join(", ")}`);
  try {
    fetchAll(unpacked, missing);
  } catch {
    apt("update"); // the package lists of a fresh machine are empty or old
    fetchAll(unpacked, missing);
  }
  renameSync(unpacked, folder);
  return folder;
}

/** With what they depend upon, as far as it is not installed. */
function fetchAll(unpacked: string, missing: readonly string[]): void {
  for (const name of mailServers) {
    const archives = join(unpacked, "archives", name);
    mkdirSync(join(archives, "partial"), { recursive: true });
    apt(
      ...[
        "install",
        "-y",
        "--no-install-recommends",
        "--download-only",
        "--reinstall",
        "-o",
        `Dir::Cache::archives=${archives}`,
      ],
      ...["-o", "APT::Sandbox::User=root", name, ...missing],
    );
    for (const file of readdirSync(archives).filter((each) => each.endsWith(".deb"))) {
      execFileSync("dpkg", ["-x", join(archives, file), unpacked], { stdio: ["ignore", "ignore", "inherit"] });
    }
  }
  rmSync(join(unpacked, "archives"), { recursive: true });
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["-q", ...args], { env, stdio: ["ignore", "ignore", "inherit"], timeout: 120_000 });
}
