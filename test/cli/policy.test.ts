/** `rootwalk policy` from its command line to an answer. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { testIo } from "./io.ts";

describe("rootwalk policy", () => {
  it("says where it listens, answers, and ends when it is told to", async () => {
    const io = testIo();
    const running = run(["policy", "--listen", "127.0.0.1:0", "--verbose"], io);
    while (!io.out().includes("\n")) await sleep(5);
    const port = Number(/^rootwalk policy ready on 127\.0\.0\.1:(\d+)\n$/.exec(io.out())![1]);
    const socket = connect({ host: "127.0.0.1", port });
    socket.write("12:policy [a.b],");
    expect(String((await once(socket, "data"))[0])).toBe("9:NOTFOUND ,");
    io.end();
    expect(await running).toBe(0);
    await once(socket, "close");
  });

  it.each([
    [["--listen", "localhost:1"], '--listen: "localhost:1" is no address'],
    [["--listen", "127.0.0.1:99999"], "is no address"],
    [["example.com"], 'policy takes options only, and "example.com" is none'],
  ])("%j is refused", async (args, message) => {
    const io = testIo();
    expect(await run(["policy", ...args], io)).toBe(2);
    expect(io.err()).toContain(message);
  });

  it("says so where it may not listen", async () => {
    const io = testIo();
    expect(await run(["policy", "--listen", "unix:/nonexistent/folder/map"], io)).toBe(1);
    expect(io.err()).toMatch(/^rootwalk policy: listen (?:ENOENT|EACCES)/);
  });
});
