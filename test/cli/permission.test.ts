/** The daemon under Node's permission model, with the flags of docs/security.md and nothing more. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { decodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const main = file("dist/main.js");
const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
const page = readFileSync(file("docs/security.md"), "utf8");

/** The page's lines for a package in /usr/lib/node_modules/rootwalk, for this checkout. */
function flags(): readonly string[] {
  const heading =
    major >= 25 ? "Node 25 and later" : major >= 24 || (major === 23 && minor >= 5) ? "Node 24" : "Node 20 and 22";
  const block = new RegExp(`${heading}:\n\n((?: {4}.*\n)+)`).exec(page)![1]!;
  const [, ...words] = block.replace(/\\\n/g, " ").trim().split(/\s+/);
  const end = words.findIndex((word) => word.endsWith("dist/main.js"));
  return words
    .slice(0, end)
    .map((word) => word.replace("/usr/lib/node_modules/rootwalk/", file("")))
    .filter((word) => !word.includes("/var/lib/rootwalk"));
}

async function asked(port: number, name: string): Promise<ReturnType<typeof decodeMessage>> {
  const socket = createSocket("udp4");
  const question = { name: Name.parse(name), type: TYPE.A, class: 1 };
  const query = encodeQuery({ id: 1, question, rd: true, cd: false, edns: { udpSize: 1232, options: [] } });
  const reply = await new Promise<Buffer>((resolve) => {
    socket.once("message", resolve);
    socket.send(query, port, "127.0.0.1");
  });
  socket.close();
  return decodeMessage(reply);
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once("exit", () => resolve()));

describe.skipIf(!existsSync(main))("dist/main.js (npm run build makes it)", () => {
  test("serves with nothing to read but itself", async () => {
    const hints = file("test/cli/nobody.hints");
    const args = [
      ...flags(),
      `--allow-fs-read=${hints}`,
      main,
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--no-ipv6",
      "--root-hints",
      hints,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const line = await new Promise<string>((resolve) => child.stdout!.once("data", (chunk) => resolve(String(chunk))));
    const port = Number(/127\.0\.0\.1:([0-9]+)/.exec(line)?.[1]);
    expect(port, line).toBeGreaterThan(0);
    expect((await asked(port, "localhost")).answer.length).toBe(1);
    child.kill("SIGTERM");
    await ended(child);
  }, 20_000);

  test("what it was not given cannot be read, and it says so", async () => {
    const args = [...flags(), main, "serve", "--listen", "127.0.0.1:0", "--root-hints", "/nowhere/root.hints"];
    const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) =>
      execFile(process.execPath, args, { timeout: 15_000 }, (error, _out, err) => resolve({ code: error?.code, err })),
    );
    expect(err).toContain("ERR_ACCESS_DENIED");
    expect(code).toBe(2);
  }, 20_000);
});
