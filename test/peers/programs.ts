/** The programs of others that a run needs, and where Debian keeps them. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, copyFileSync, existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Debian package by program: installed by name where the program is missing. */
const packages: ReadonlyMap<string, string> = new Map([
  ["unbound", "unbound"],
  ["nsd", "nsd"],
  ["knotd", "knot"],
  ["keymgr", "knot"],
  ["kzonesign", "knot-dnssecutils"],
  ["named", "bind9"],
  ["dnssec-keygen", "bind9-utils"],
  ["dnssec-signzone", "bind9-utils"],
  ["dig", "bind9-dnsutils"],
  ["delv", "bind9-dnsutils"],
  ["ldns-signzone", "ldnsutils"],
  ["drill", "ldnsutils"],
  ["ip", "iproute2"],
  ["unshare", "util-linux"],
]);

/** Installs what is missing; throws an Error of one line where that is not possible. */
export function ensurePrograms(tell: (line: string) => void): void {
  const missing = [...new Set([...packages].filter(([program]) => pathOf(program) === null).map(([, name]) => name))];
  if (missing.length === 0) return;
  if (pathOf("apt-get") === null) throw new Error(`${missing.join(", ")} missing, and this is no Debian`);
  if (process.getuid?.() !== 0)
    throw new Error(`${missing.join(", ")} missing: run once as root, or apt-get install them`);
  tell(`installing ${missing.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]): void => {
    execFileSync("apt-get", ["-q", ...args], { env, stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 });
  };
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  try {
    apt(...install);
  } catch {
    apt("update"); // the package lists of a fresh machine are empty or old
    apt(...install);
  }
  const still = [...packages.keys()].filter((program) => pathOf(program) === null);
  if (still.length > 0) throw new Error(`still missing after installation: ${still.join(", ")}`);
}

/** Where the program is; not every user has sbin in PATH. */
export function pathOf(program: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // the next folder
    }
  }
  return null;
}

/**
 * AppArmor profiles of Debian's packages go by path and allow only the system's own configuration: where AppArmor is
 * active, a copy of the program runs instead.
 */
export function programPath(program: string, folder: string): string {
  const path = pathOf(program);
  if (path === null) throw new Error(`${program} is not installed`);
  const state = "/sys/module/apparmor/parameters/enabled";
  if (!existsSync(state) || !readFileSync(state, "utf8").startsWith("Y")) return path;
  const copy = join(folder, basename(program));
  copyFileSync(path, copy);
  return copy;
}
