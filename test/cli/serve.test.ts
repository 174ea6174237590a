import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/env/system.ts";
import { a, answer, data, fakeResolver, question, secure, signed } from "../server/answers.ts";
import { see } from "../server/replies.ts";
import { query } from "../server/requests.ts";
import { testIo } from "./io.ts";

const www = answer(question("www.example.", 1), secure(data("www.example.", [signed(a("www.example.", 1))])));

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; !what(); i++) {
    if (i > 600) throw new Error(`it never came to: ${what}`);
    await systemClock.sleep(5);
  }
}

/** Runs `serve` until `use` is done with its port. */
async function serving(args: readonly string[], use: (port: number) => Promise<void>) {
  const io = testIo(fakeResolver({ answers: [www] }));
  const running = run(["serve", ...args], io);
  await until(() => io.out().includes("ready") || io.err() !== "");
  const port = /:([0-9]+)/.exec(io.out())?.[1];
  if (port !== undefined) await use(Number(port));
  io.end();
  return { code: await running, out: io.out(), err: io.err(), made: io.made };
}

describe("rootwalk serve", () => {
  it("says in one line that it is ready, answers by UDP and TCP, stops when told, exit code 0", async () => {
    const { code, out, err } = await serving(["--listen", "127.0.0.1:0"], async (port) => {
      const udp = createSocket("udp4");
      const datagram = new Promise<Uint8Array>((resolve) => udp.once("message", resolve));
      udp.send(query({ ad: true }), port, "127.0.0.1");
      const byUdp = see(await datagram);
      expect(byUdp).toMatchObject({
        rcode: "NOERROR",
        answer: ["www.example. A 300"],
        message: { ad: true, ra: true },
      });
      udp.close();
      const tcp = connect(port, "127.0.0.1");
      const segment = new Promise<Uint8Array>((resolve) => tcp.once("data", resolve));
      const octets = query({ edns: { dnssecOk: true } });
      tcp.write(Uint8Array.of(0, octets.length, ...octets));
      expect(see((await segment).subarray(2)).answer).toHaveLength(2);
      tcp.destroy();
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^rootwalk [0-9.]+ ready on 127\.0\.0\.1:[0-9]+\n$/);
  });

  it("--listen is repeatable", async () => {
    const { out } = await serving(["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"], async () => {});
    expect(out).toMatch(/ready on 127\.0\.0\.1:[0-9]+ 127\.0\.0\.2:[0-9]+\n$/);
  });

  it("a taken address is one line that says what to do, exit code 1", async () => {
    await serving(["--listen", "127.0.0.1:0"], async (port) => {
      const second = await serving(["--listen", `127.0.0.1:${port}`], async () => {});
      expect(second).toMatchObject({ code: 1, out: "" });
      expect(second.err).toMatch(
        new RegExp(`^rootwalk: cannot listen on 127\\.0\\.0\\.1:${port} \\(TCP\\): another program.*\\n$`),
      );
    });
  });

  it("--state-dir is made if it is missing", async () => {
    const dir = mkdtempSync(join(tmpdir(), "rootwalk-"));
    const state = join(dir, "a", "b");
    const { code } = await serving(["--listen", "127.0.0.1:0", "--state-dir", state], async () => {
      expect(existsSync(state)).toBe(true);
    });
    expect(code).toBe(0);
    writeFileSync(join(dir, "file"), "");
    const bad = await serving(["--listen", "127.0.0.1:0", "--state-dir", join(dir, "file")], async () => {});
    expect(bad).toMatchObject({ code: 2, out: "", made: [] });
    expect(bad.err).toContain("--state-dir");
    rmSync(dir, { recursive: true });
  });

  it("--allow, --identity and --hide-version", async () => {
    const ask = async (port: number, name: string) => {
      const udp = createSocket("udp4");
      const datagram = new Promise<Uint8Array>((resolve) => udp.once("message", resolve));
      udp.send(query({ name, class: 3, type: 16 }), port, "127.0.0.1");
      const seen = see(await datagram);
      udp.close();
      return seen.rcode;
    };
    await serving(["--listen", "127.0.0.1:0", "--identity", "mx1", "--allow", "192.0.2.0/24"], async (port) => {
      expect(await ask(port, "id.server.")).toBe("NOERROR");
      expect(await ask(port, "version.bind.")).toBe("NOERROR");
    });
    await serving(["--listen", "127.0.0.1:0", "--hide-version"], async (port) => {
      expect(await ask(port, "id.server.")).toBe("REFUSED");
      expect(await ask(port, "version.bind.")).toBe("REFUSED");
    });
  });

  it("settings reach the resolver", async () => {
    const { made } = await serving(["--listen", "127.0.0.1:0", "--query-private"], async () => {});
    expect(made).toMatchObject([{ settings: { queryPrivate: true } }]);
  });

  it.each([
    [["example.com"], 'serve takes options only, and "example.com" is none'],
    [["--listen", "localhost:53"], '--listen: "localhost:53" is no address with a port'],
    [["--listen", "127.0.0.1:99999"], '127.0.0.1:99999" is no address'],
    [["--allow", "everybody"], '--allow: "everybody" is no prefix'],
    [["--root-hints", "/nonexistent"], "there is no such file"],
  ])("%j is a usage error", async (args, line) => {
    const { code, out, err } = await serving(args, async () => {});
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(line);
  });
});
