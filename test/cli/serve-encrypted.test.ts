/** What `serve` is told about TLS and HTTPS, right and wrong. */
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/env/system.ts";
import { fakeResolver } from "../server/answers.ts";
import { askHttp2, closeEncrypted, dialHttp2, dialTls, getOf, renewedFiles, serverFiles } from "../server/encrypted.ts";
import { query } from "../server/requests.ts";
import { testIo } from "./io.ts";

const { certificate, key } = serverFiles;
const identity = ["--tls-certificate", certificate, "--tls-key", key];

describe("rootwalk serve", () => {
  it("--tls-listen and --https-listen serve with the certificate, and the line that says ready names them", async () => {
    const io = testIo(fakeResolver());
    const listen = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--https-listen", "127.0.0.1:0"];
    const running = run(["serve", ...listen, ...identity], io);
    while (!io.out().includes("ready") && io.err() === "") await systemClock.sleep(5);
    const [, tls, https] = /tls:\/\/127\.0\.0\.1:(\d+) https:\/\/127\.0\.0\.1:(\d+)\/dns-query\n/.exec(io.out()) ?? [];
    const socket = await dialTls(Number(tls), { ALPNProtocols: ["dot"] });
    expect(socket.authorized).toBe(true);
    const session = await dialHttp2(Number(https));
    expect((await askHttp2(session, getOf(query({ name: "localhost." })))).status).toBe(200);
    await closeEncrypted();
    io.end();
    expect(await running).toBe(0);
  });

  it.each([
    [["--tls-listen", "127.0.0.1:0"], "need --tls-certificate FILE and --tls-key FILE"],
    [["--https-listen", "127.0.0.1:0", "--tls-key", key], "need --tls-certificate FILE and --tls-key FILE"],
    [identity, "are for --tls-listen and --https-listen, and neither is given"],
    [["--tls-listen", "here", ...identity], '--tls-listen: "here" is no address'],
    [
      ["--tls-listen", "127.0.0.1:0", "--tls-certificate", certificate, "--tls-key", renewedFiles.key],
      "does not belong to the certificate",
    ],
    [
      ["--tls-listen", "127.0.0.1:0", "--tls-certificate", "/nowhere", "--tls-key", key],
      "cannot read the TLS certificate from /nowhere: ENOENT",
    ],
  ])("%j: one line and exit code 2", async (args, says) => {
    const io = testIo(fakeResolver());
    expect(await run(["serve", "--listen", "127.0.0.1:0", ...args], io)).toBe(2);
    expect(io.err()).toContain(says);
    expect(io.err().trim().split("\n")).toHaveLength(1);
  });
});
