/**
 * What docs/operators.md shows is what the tools print, in a mail world at a fixed time. ROOTWALK_WRITE_DOCS=1 writes it
 * anew. Ports and folders are the test's own and put back to what an operator would see.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { LAB_NOW, pem } from "../dane/harness.ts";
import { isWriting, pageOf, writePage } from "../docs/page.ts";
import { commandIo } from "./command-io.ts";
import { type MailWorld, mailWorld } from "./mail-world.ts";

const text = pageOf("operators.md");
const blocks = [...text.matchAll(/^```text\n\$ rootwalk (.*)\n([\s\S]*?)^```$/gm)].map(([whole, line, output]) => ({
  whole: whole!,
  line: line!,
  output: output!,
}));

let world: MailWorld;
const folder = mkdtempSync(join(tmpdir(), "rootwalk-operators-"));
const files: Readonly<Record<string, string>> = {
  "fullchain.pem": pem("leaf") + pem("intermediate"),
  "next.pem": pem("other"),
  "renewed.pem": pem("leaf-wildcard") + pem("intermediate"),
};
beforeAll(async () => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const servers = [{ chains: ["leaf-rsa intermediate", "leaf intermediate"] }];
  world = await mailWorld([{ name: "mx", servers, tlsa: ["3 1 1 leaf", "3 1 1 leaf-rsa"] }], {}, undefined, LAB_NOW);
});
afterAll(() => {
  world.close();
  rmSync(folder, { recursive: true });
});

async function printed(line: string): Promise<string> {
  const words = line.split(" ");
  const own = line.startsWith("tlsa generate") ? [] : ["-p", `${world.port}`, "--starttls", "smtp"];
  const argv = words.map((word) => (Object.hasOwn(files, word) ? join(folder, word) : word));
  const io = commandIo(world);
  await run([...argv.slice(0, 2), ...own, ...argv.slice(2)], io);
  return (
    `${io.err()}${io.out()}`
      .replaceAll(`${folder}/`, "")
      .replaceAll(`${world.port}`, "25")
      // Which group is agreed on is a matter of the Node version.
      .replaceAll(/(TLS_AES_256_GCM_SHA384)(?: \S+)?$/gm, "$1 X25519")
      .replace(/time=[0-9.]+s/, "time=0.312s")
      .replaceAll(/[ \t]+$/gm, "")
  );
}

describe("docs/operators.md", () => {
  it("shows each tool", () => expect(blocks.length).toBeGreaterThan(4));

  it.runIf(isWriting)("is written anew", async () => {
    let written = text;
    for (const { whole, line } of blocks) {
      const shown = `\`\`\`text\n$ rootwalk ${line}\n${await printed(line)}\`\`\``;
      written = written.replace(whole, () => shown);
    }
    writePage("operators.md", written);
  });

  it.skipIf(isWriting).each(blocks)("$line", async ({ line, output }) => {
    expect(await printed(line)).toBe(output);
  });
});
