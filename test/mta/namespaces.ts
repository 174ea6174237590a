/**
 * A place of our own: /etc is as we like, so that resolv.conf, users and library paths may be as a mail server's machine has
 * them; the network is a loopback interface with addresses that mail servers do not take for their own; processes end
 * with the first of them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** On a loopback interface all addresses of the prefix are local. Reserved for benchmarks of networks, RFC 2544. */
const NETWORK = "198.18.0.1/15";
export const nameServerNetwork = "198.18";
export const mailServerNetwork = "198.19";

/** Mail servers give up root for other users, so a namespace of an ordinary user's, which knows only one, will not do. */
export function mayHaveNamespaces(): boolean {
  if (process.getuid?.() !== 0 || usersKnown() < MANY_USERS) return false;
  return spawnSync("unshare", [...namespaces, "true"], { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/** Users of this user namespace: `start here, start outside, count` per line. user_namespaces(7). */
function usersKnown(): number {
  const map = "/proc/self/uid_map";
  if (!existsSync(map)) return 0;
  const lines = readFileSync(map, "utf8").trim().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0);
}

const MANY_USERS = 10_000;

export interface Privately {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Place {
  readonly folder: string;
  readonly programs: string;
}

export function privately(command: readonly string[], { folder, programs }: Place): Privately {
  return {
    command: "unshare",
    args: [...namespaces, "sh", "-ec", SET_UP, "sh", ...command],
    env: {
      MTA_FOLDER: folder,
      MTA_PROGRAMS: programs,
      PATH: `${process.env["PATH"]}:/usr/sbin:/sbin:${programs}/usr/bin:${programs}/usr/sbin:${programs}/sbin:${programs}/bin`,
    },
  };
}

// The path of libraries stands in ld.so.cache and not in the environment, which set-user-ID programs do not heed.
const SET_UP = `
mkdir -p "$MTA_FOLDER/etc/ssl"
for file in passwd group hosts services protocols nsswitch.conf ld.so.conf ld.so.conf.d localtime ssl/openssl.cnf; do
  if [ -e "/etc/$file" ]; then cp -RL "/etc/$file" "$MTA_FOLDER/etc/$file"; fi
done
mount --bind "$MTA_FOLDER/etc" /etc
{ find "$MTA_PROGRAMS" -name 'lib*.so*' -exec dirname {} + | sort -u; cat /etc/ld.so.conf; } >"$MTA_FOLDER/ld.so.conf"
cp "$MTA_FOLDER/ld.so.conf" /etc/ld.so.conf
if [ -d /var/cache/ldconfig ]; then mount -t tmpfs tmpfs /var/cache/ldconfig; fi
ldconfig -X
add_user() {
  grep -q "^$1:" /etc/group || echo "$1:x:$2:" >>/etc/group
  grep -q "^$1:" /etc/passwd || echo "$1:x:$2:$2::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
}
add_user postfix 4711
add_user postdrop 4712
add_user Debian-exim 4713
mkdir -p /etc/exim4
ip link set lo up
ip addr add ${NETWORK} dev lo
unset NODE_EXTRA_CA_CERTS # a file in the /etc that was
exec "$@"
`;
