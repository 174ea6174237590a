/** The executable itself, as `npm run build` leaves it: argv, exit codes, signals, broken pipes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function rootwalk(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 15000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : null, out, err });
    });
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

/** Starts `serve` and waits for its line. */
async function serving(): Promise<{ readonly child: ChildProcess; readonly line: string }> {
  // A root that is nobody: priming must not leave this machine.
  const args = [main, "serve", "--listen", "127.0.0.1:0", "--no-ipv6", "--root-hints", hints];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve) => child.stdout!.once("data", (chunk) => resolve(String(chunk))));
  return { child, line };
}

const hints = fileURLToPath(new URL("nobody.hints", import.meta.url));

describe.skipIf(!existsSync(main))("dist/main.js (npm run build makes it)", () => {
  it("--version and --help", async () => {
    expect(await rootwalk("--version")).toEqual({
      code: 0,
      out: expect.stringMatching(/^rootwalk [0-9.]+\n$/),
      err: "",
    });
    expect((await rootwalk("--help")).out).toContain("rootwalk help COMMAND");
  });

  it("a usage error is exit code 2 and one line on stderr", async () => {
    const { code, out, err } = await rootwalk("query");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.split("\n")).toHaveLength(2);
  });

  it("a local name needs no network: insecure, exit code 3", async () => {
    const { code, out } = await rootwalk("query", "--json", "--root-hints", hints, "localhost", "AAAA");
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ status: "insecure", answer: [{ data: "::1" }] });
  });

  it("nobody answers: exit code 5, in the time that was given, and the process ends", async () => {
    const start = performance.now();
    const { code, out } = await rootwalk(
      "query",
      "--timeout",
      "1",
      "--root-hints",
      hints,
      "--query-private",
      "example.com",
    );
    expect(code).toBe(5);
    expect(out).toContain("EDE 22");
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("serve stops on %s with exit code 0", async (signal) => {
    const { child, line } = await serving();
    expect(line).toMatch(/^rootwalk [0-9.]+ ready on 127\.0\.0\.1:[0-9]+\n$/);
    const end = ended(child);
    const start = performance.now();
    child.kill(signal);
    expect(await end).toBe(0);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it("a reader that goes away is no error", async () => {
    const child = spawn(process.execPath, [main, "help", "settings"], { stdio: ["ignore", "pipe", "pipe"] });
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += String(chunk);
    });
    child.stdout.destroy();
    expect(await ended(child)).toBe(0);
    expect(err).toBe("");
  });
});
