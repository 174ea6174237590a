import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Command, UsageError } from "../../src/cli/command.ts";
import { labCommand } from "../../src/cli/lab.ts";
import { parseOptions } from "../../src/cli/options.ts";
import { systemClock } from "../../src/env/system.ts";
import { tellingQuestions } from "../../src/lab/worlds/demo.ts";
import { wounds } from "../../src/lab/wounds.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { testIo } from "../cli/io.ts";

function start(command: Command, args: readonly string[]) {
  const io = { ...testIo(), clock: systemClock, createResolver };
  const code = Promise.resolve().then(() => command.run(parseOptions(args, command.options), io));
  return { io, code };
}

describe("rootwalk lab --once", () => {
  it("asks every telling question in memory, and all come out as they should", async () => {
    const { io, code } = start(labCommand, ["--once"]);
    expect(await code).toBe(0);
    for (const { name, type } of tellingQuestions) expect(io.out()).toContain(`${name} ${type}: `);
    expect(io.out()).toContain(`${tellingQuestions.length} of ${tellingQuestions.length} came out as they should`);
    expect(io.out()).not.toContain("dig @");
    expect(io.err()).toBe("");
  });

  it("prints JSON for programs", async () => {
    const { io, code } = start(labCommand, ["--once", "--json"]);
    await code;
    const { questions } = JSON.parse(io.out()) as {
      questions: { outcome: string; expect: string; reason: string }[];
    };
    expect(questions).toHaveLength(tellingQuestions.length);
    for (const { outcome, expect: expected, reason } of questions) {
      expect(outcome).toBe(expected);
      expect(reason).not.toBe("");
    }
  });
});

it("rootwalk lab --wounds shows each wound with what came of it", async () => {
  const { io, code } = start(labCommand, ["--wounds"]);
  expect(await code).toBe(0);
  for (const { name } of wounds) expect(io.out()).toContain(`: ${name}: `);
});

it("a port that is none is the user's mistake", async () => {
  await expect(start(labCommand, ["--port", "70000"]).code).rejects.toThrow(UsageError);
});

describe.skipIf(process.platform !== "linux")("rootwalk lab on sockets", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** A TCP port of 127.0.0.1 that nobody has just now. */
  async function freePort(keep: "taken" | "free"): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    if (keep === "taken") closing.push(() => server.close());
    else await new Promise((resolve) => server.close(resolve));
    return port;
  }

  it("serves the demo Internet, asks through it, says how to ask with dig, and stops when told", async () => {
    const [port, serverPort] = [await freePort("free"), await freePort("free")];
    const { io, code } = start(labCommand, ["--port", `${port}`, "--server-port", `${serverPort}`]);
    await expect
      .poll(() => io.out(), { timeout: 15_000 })
      .toContain(`${tellingQuestions.length} of ${tellingQuestions.length} came out`);
    expect(io.out()).toContain(`dig @127.0.0.1 -p ${port} _25._tcp.mx.good.lab TLSA +dnssec`);
    expect(io.out()).toMatch(/^\. IN DS \d+ 8 2 [0-9a-f]{64}$/m);
    io.end();
    expect(await code).toBe(0);
  });

  it("says in one line which port is taken", async () => {
    const taken = await freePort("taken");
    const { io, code } = start(labCommand, ["--port", `${taken}`, "--server-port", `${await freePort("free")}`]);
    expect(await code).toBe(1);
    expect(io.err()).toContain(`127.0.0.1:${taken}`);
    expect(io.err().trimEnd().split("\n")).toHaveLength(1);
  });
});
