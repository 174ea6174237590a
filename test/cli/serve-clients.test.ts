/** What `serve` lets its operator decide about clients: cookies, NSID, private addresses, stale data. */
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/env/system.ts";
import { optionOf } from "../../src/wire/edns.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { OPTION } from "../../src/wire/registry.ts";
import { fakeResolver } from "../server/answers.ts";
import { query } from "../server/requests.ts";
import { testIo } from "./io.ts";

let folder: string;
const secretFile = (text: string): string => {
  const file = join(folder, "secrets");
  writeFileSync(file, text);
  return file;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts `serve`; if it comes up, asks it once. */
async function serve(args: readonly string[], octets = query()) {
  const io = testIo(fakeResolver());
  const running = run(["serve", "--listen", "127.0.0.1:0", ...args], io);
  while (!io.out().includes("ready") && io.err() === "") await systemClock.sleep(5);
  const port = /:([0-9]+)/.exec(io.out())?.[1];
  const reply = port === undefined ? null : await asked(Number(port), octets);
  io.end();
  return { code: await running, err: io.err(), made: io.made, reply };
}

async function asked(port: number, octets: Uint8Array): Promise<Message> {
  const socket = createSocket("udp4");
  const reply = new Promise<Uint8Array>((resolve) => socket.once("message", resolve));
  socket.send(octets, port, "127.0.0.1");
  const message = decodeMessage(await reply);
  socket.close();
  return message;
}

describe("rootwalk serve", () => {
  it("--nsid TEXT is what clients hear that ask for it", async () => {
    const { reply } = await serve(["--nsid", "mail-3"], query({ edns: { options: [0, 3, 0, 0] } }));
    expect(Buffer.from(optionOf(reply!.edns!, OPTION.NSID)!).toString()).toBe("mail-3");
    const { code, err } = await serve(["--nsid", "x".repeat(513)]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("--nsid has 513 octets: 512 at most") });
  });

  it("a question has 4.5 s unless told otherwise: glibc gives up after 5", async () => {
    expect((await serve([])).made[0]!.settings).toMatchObject({ totalTimeoutMs: 4500 });
    expect((await serve(["--total-timeout-ms", "9000"])).made[0]!.settings).toMatchObject({ totalTimeoutMs: 9000 });
  });

  it("--cookie-secret-file FILE answers cookies", async () => {
    const file = secretFile(`# current\n${"0f".repeat(16)}\n\n# before\n${"AB".repeat(16)}\n`);
    const cookie = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    const { reply } = await serve(["--cookie-secret-file", file], query({ edns: { options: cookie } }));
    expect(optionOf(reply!.edns!, OPTION.COOKIE)).toHaveLength(24);
  });

  it.each([
    ["a short secret", "0f0f\n", ":1: a secret is 32 hexadecimal digits"],
    ["no secret", "# nothing\n", ": no secret in it"],
  ])("a file with %s is told by file and line, exit code 2, and the line is not shown", async (_, text, says) => {
    const { code, err } = await serve(["--cookie-secret-file", secretFile(text)]);
    expect(code).toBe(2);
    expect(err).toContain(says);
    expect(err).not.toContain("0f0f");
  });

  it("--allow-with-cookie without secrets is a mistake, and so is a secret file that is not there", async () => {
    expect(await serve(["--allow-with-cookie", "192.0.2.0/24"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--allow-with-cookie needs --cookie-secret-file"),
    });
    expect(await serve(["--cookie-secret-file", join(folder, "nothing")])).toMatchObject({
      code: 2,
      err: expect.stringContaining("nothing: there is no such file"),
    });
  });

  it("--private-address, --private-domain, --serve-stale and --prefetch reach the resolver", async () => {
    const { made } = await serve([
      ...["--private-address", "10.0.0.0/8", "--private-address", "fd00::/8"],
      ...["--private-domain", "intra.example", "--serve-stale", "--prefetch", "--min-ttl", "5"],
    ]);
    expect(made[0]).toMatchObject({
      privateAddresses: ["10.0.0.0/8", "fd00::/8"],
      settings: { serveStale: true, prefetch: true, minTtl: 5 },
    });
    expect(made[0]!.privateDomains!.map(String)).toEqual(["intra.example."]);
  });

  it.each([
    ["--private-address", "10.0.0.0/99", '--private-address: "10.0.0.0/99" is no prefix'],
    ["--private-domain", "a..b", '--private-domain: "a..b" is no name'],
    ["--stale-answer-ttl", "0", "--stale-answer-ttl"],
  ])("%s %s is refused with its reason, exit code 2", async (flag, value, says) => {
    expect(await serve([flag, value])).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });
});
