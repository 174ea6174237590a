/** A network of our own, if the host lets us have one: then port 53 of any address is free, and nothing leaves. */
import { spawnSync } from "node:child_process";
import { authoritiesAt, type Place } from "./addresses.ts";

export interface Entrance {
  readonly place: Place;
  readonly command: string;
  readonly args: readonly string[];
}

/** The network ends with its last process, and the processes, being alone in a process namespace, with the first. */
const namespaces = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

export function enterNetwork(command: readonly [string, ...string[]]): Entrance {
  const [program, ...args] = command;
  for (const user of [[], ["--user", "--map-root-user"]]) {
    const unshare = [...user, ...namespaces, "sh", "-c", `${setUp()} && exec "$@"`, "sh"];
    const trial = spawnSync("unshare", [...unshare, "true"], { stdio: "ignore", timeout: 10_000 });
    if (trial.status === 0) return { place: "namespace", command: "unshare", args: [...unshare, program, ...args] };
  }
  return { place: "loopback", command: program, args };
}

function setUp(): string {
  const addresses = authoritiesAt("namespace").flatMap((authority) => authority.addresses);
  const add = addresses.map((address) =>
    address.includes(":") ? `ip -6 addr add ${address}/128 dev lo nodad` : `ip addr add ${address}/32 dev lo`,
  );
  return ["ip link set lo up", ...add].join(" && ");
}
