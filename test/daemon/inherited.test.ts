/** Socket activation: what systemd hands over, read from the kernel's tables; and a real activator in front of a real daemon. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressFromTable, inheritedAddresses, type Kernel } from "../../src/daemon/inherited.ts";
import { askOnce, freePort, type Lab, main, startLab, until } from "./process.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, inode: number): string =>
  `   0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100\n`;

function kernel(tables: Partial<Record<string, string>>): Kernel {
  return { pid: 7, linkOf: (descriptor) => `socket:[${descriptor}]`, table: (name) => tables[name] ?? "" };
}
const env = { LISTEN_PID: "7", LISTEN_FDS: "2" };

describe("what systemd hands over", () => {
  it("is told by address, UDP and TCP together", () => {
    const pair = kernel({ udp: head + row("0100007F:0035", 3), tcp: head + row("0100007F:0035", 4) });
    expect(inheritedAddresses(env, pair)).toEqual([{ address: "127.0.0.1", port: 53, inherited: { udp: 3, tcp: 4 } }]);
    const six = "00000000000000000000000001000000:0035";
    const pair6 = kernel({ udp6: head + row(six, 4), tcp6: head + row(six, 3) });
    expect(inheritedAddresses(env, pair6)).toEqual([{ address: "::1", port: 53, inherited: { udp: 4, tcp: 3 } }]);
    expect(addressFromTable("B80D0120000000000000000001000000")).toBe("2001:db8::1");
  });

  it("is nothing without its variables, or for another process", () => {
    expect(inheritedAddresses({}, kernel({}))).toBeNull();
    expect(inheritedAddresses({ ...env, LISTEN_PID: "8" }, kernel({}))).toBeNull();
  });

  it("is refused where half of it is missing, or it is no socket", () => {
    const udpOnly = kernel({ udp: head + row("0100007F:0035", 3) });
    expect(() => inheritedAddresses({ ...env, LISTEN_FDS: "1" }, udpOnly)).toThrow("for UDP only");
    expect(() => inheritedAddresses(env, kernel({}))).toThrow("descriptor 3 from systemd is no UDP or TCP socket");
  });
});

/** Opens sockets as systemd does, and becomes the daemon. */
const activator = `
import os, socket, sys
port = int(sys.argv[1])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", port))
tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM); tcp.bind(("127.0.0.1", port)); tcp.listen()
a, b = os.dup(udp.fileno()), os.dup(tcp.fileno())
a, b = os.dup2(a, 13), os.dup2(b, 14)
os.dup2(13, 3); os.dup2(14, 4); os.close(13); os.close(14)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.argv[2], sys.argv[2:])
`;
const hasPython = spawnSync("python3", ["--version"]).status === 0 && existsSync("/proc/net/udp");

describe.skipIf(!existsSync(main) || !hasPython)("behind an activator", { timeout: 60_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab.close());

  it.each([1, 2])("%i process answers on the sockets that it was given", async (workers) => {
    const port = await freePort();
    const config = lab.configure(`workers = ${workers}`);
    const args = ["-c", activator, String(port), process.execPath, main, "serve", "--config", config];
    const child = spawn("python3", args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    await until(() => out.includes("ready") || child.exitCode !== null);
    expect(out).toContain(`ready on 127.0.0.1:${port}`);
    expect((await askOnce(port, "www.good.lab"))?.ad).toBe(true);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
