// Installs what the benches measure rootwalk against, by the names of Debian's packages, where it is missing: as root, or
// with sudo. `node bench/install.mjs --list` only says what that would be. What cannot be had gets a row that says so.
import { spawnSync } from "node:child_process";

const packages = {
  unbound: "unbound",
  named: "bind9",
  kresd: "knot-resolver",
  pdns_recursor: "pdns-recursor",
  nsd: "nsd",
  knotd: "knot",
  dnsperf: "dnsperf",
  ip: "iproute2",
  unshare: "util-linux",
  cc: "gcc",
};
const has = (program) => spawnSync("sh", ["-c", 'PATH="$PATH:/usr/sbin:/sbin"; command -v "$0"', program]).status === 0;
const missing = Object.entries(packages).flatMap(([program, name]) => (has(program) ? [] : [name]));
// A header and a library, no program.
if (spawnSync("sh", ["-c", "test -e /usr/include/unbound.h"]).status !== 0) missing.push("libunbound-dev");

if (missing.length === 0) {
  console.log("nothing is missing");
} else if (process.argv.includes("--list")) {
  console.log(missing.join("\n"));
} else {
  const asRoot = process.getuid() === 0 ? [] : ["sudo"];
  const apt = (...args) =>
    spawnSync(
      [...asRoot, "apt-get"][0],
      [...asRoot.slice(1), ...(asRoot.length > 0 ? ["apt-get"] : []), "-q", ...args],
      { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } },
    ).status;
  // Their services are started by the packages; the benches start their own, on other ports and in a network of their own.
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (apt(...install) !== 0) {
    apt("update");
    process.exitCode = apt(...install) ?? 1;
  }
}
