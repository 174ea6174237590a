/** What systemd is told, by a program in the place of systemd-notify that writes it down; and the units, read by systemd itself. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, main, startDaemon, startLab, until } from "./process.ts";

let lab: Lab;
let bin: string;
beforeAll(async () => {
  lab = await startLab();
  bin = mkdtempSync(join(tmpdir(), "rootwalk-bin-"));
});
afterAll(async () => {
  await lab.close();
  rmSync(bin, { recursive: true });
});

describe.skipIf(!existsSync(main))("systemd", { timeout: 60_000 }, () => {
  it("is told that we are ready, reload, are ready again, and stop", async () => {
    const said = join(bin, "said");
    writeFileSync(said, "");
    writeFileSync(join(bin, "systemd-notify"), `#!/bin/sh\nshift\necho "$*" >>${said}\n`, { mode: 0o755 });
    const env = { NOTIFY_SOCKET: "/nowhere", PATH: `${bin}${delimiter}${process.env["PATH"]}` };
    const running = await startDaemon(lab.configure('listen = ["127.0.0.1:0"]'), { env });
    const lines = (): string[] => readFileSync(said, "utf8").trim().split("\n");
    await until(() => lines().length === 1 && lines()[0] !== "");
    running.child.kill("SIGHUP");
    await until(() => lines().length === 3);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    await until(() => lines().length === 4);
    expect(lines()).toEqual(["READY=1 STATUS=answering", "RELOADING=1", "READY=1 STATUS=answering", "STOPPING=1"]);
  });

  it("cannot be told without its program: one line, and the daemon answers", async () => {
    const empty = join(bin, "empty");
    const running = await startDaemon(lab.configure('listen = ["127.0.0.1:0"]'), {
      env: { NOTIFY_SOCKET: "/nowhere", PATH: empty },
    });
    await until(() => running.err().includes("systemd cannot be told how far we are: systemd-notify: ENOENT"));
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

const analyses = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe.skipIf(!analyses)("the units", () => {
  it("are understood by systemd", () => {
    for (const unit of ["rootwalk.service", "rootwalk.socket"]) {
      const text = readFileSync(new URL(`../../docs/systemd/${unit}`, import.meta.url), "utf8");
      writeFileSync(join(bin, unit), text.replaceAll("/usr/bin/rootwalk", "/bin/true"));
    }
    const units = ["rootwalk.service", "rootwalk.socket"].map((unit) => join(bin, unit));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8" });
    const about = stderr.split("\n").filter((line) => line.includes("rootwalk"));
    expect({ status, about }).toEqual({ status: 0, about: [] });
  });
});
