/** Out of file descriptors: every question gets its reason, nothing crashes. In a process of its own, with few of them. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";

const built = new URL("../../dist/net/exchange.js", import.meta.url);
const runnable = existsSync(built) && process.platform !== "win32";

const script = `
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
const load = (path) => import(new URL(path, ${JSON.stringify(new URL("../../dist/", import.meta.url).href)}));
const { systemExchange } = await load("net/exchange.js");
const { systemClock, systemRandom } = await load("env/system.js");
const { Ending } = await load("env/abort.js");
const { Name } = await load("wire/name.js");
const silent = createSocket("udp4");
await new Promise((resolve) => silent.bind(0, "127.0.0.1", resolve));
const listener = createServer(() => {});
await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
const net = systemExchange({ clock: systemClock, random: systemRandom, settings: { randomCase: false } });
const { signal } = new Ending();
const question = { name: Name.parse("a.example."), type: 1, class: 1 };
const ask = (transport, server) =>
  net.exchange({ server, transport, question, rd: false, cd: false, edns: null, timeoutMs: 200 }, signal);
const port = silent.address().port;
const udp = await Promise.all(Array.from({ length: 100 }, () => ask("udp", { address: "127.0.0.1", port })));
const tcpPort = listener.address().port;
const tcp = await Promise.all(Array.from({ length: 100 }, (_, i) => ask("tcp", { address: "127.0.1." + (i + 1), port: tcpPort })));
const again = await ask("udp", { address: "127.0.0.1", port });
await net.close();
silent.close();
listener.close();
console.log(JSON.stringify({ udp, tcp, again }));
`;

describe.skipIf(!runnable)("without file descriptors (needs the built dist/)", () => {
  it("questions are unreachable with EMFILE, and the next one is asked again", () => {
    const shell = `ulimit -n 60 && exec "${process.execPath}" --input-type=module`;
    const output = execFileSync("/bin/sh", ["-c", shell], { input: script, encoding: "utf8" });
    const { udp, tcp, again } = JSON.parse(output);
    const count = (results: readonly { kind: string; code?: string }[], code: string): number =>
      results.filter((result) => result.kind === "unreachable" && result.code === code).length;
    expect(count(udp, "EMFILE")).toBeGreaterThan(20);
    expect(udp.length - count(udp, "EMFILE")).toBeGreaterThan(20);
    // Addresses beside 127.0.0.1 refuse, as nobody listens there; the rest got no socket.
    expect(count(tcp, "EMFILE")).toBeGreaterThan(20);
    expect(count(tcp, "EMFILE") + count(tcp, "ECONNREFUSED")).toBeGreaterThanOrEqual(99);
    expect(again).toEqual({ kind: "timeout", discarded: 0 });
  });
});
