/** Every program in docs/library.md and docs/mta-sts.md runs, in a small Internet of its own, and prints what the page says it prints. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = (path: string): string => pathToFileURL(join(root, "dist", path)).href;
const page = ["library", "mta-sts"].map((name) => readFileSync(join(root, `docs/${name}.md`), "utf8")).join("\n");
const examples = [...page.matchAll(/^```js\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(
  ([, program, output]) => ({
    title: /^.*\bawait\b.*$/m.exec(program!)?.[0].trim() ?? program!,
    program: program!,
    output: output!,
  }),
);

/** Stands for the package: the same door, but without `env` a resolver wakes up in a lab. */
const stand = `
  import { createResolver as real, systemClock, systemRandom } from ${JSON.stringify(dist("index.js"))};
  import { buildWorld } from ${JSON.stringify(dist("lab/world.js"))};
  import { alter } from ${JSON.stringify(dist("lab/injure.js"))};
  export * from ${JSON.stringify(dist("index.js"))};
  const mail = "@ MX 10 mx\\n@ TXT \\"v=spf1 mx -all\\"\\nmx A 192.0.2.25\\n_25._tcp.mx TLSA 3 1 1 ${"ab".repeat(32)}\\nwww A 192.0.2.80";
  const strip = (zone) => alter(zone, ["www.example.org", 1], () => ({ signatures: [] }));
  const world = buildWorld({ zones: [
    { apex: "." }, { apex: "com." }, { apex: "net." }, { apex: "org." },
    { apex: "example.com.", records: mail }, { apex: "example.net.", records: mail, signing: null }, { apex: "example.org.", records: mail, edit: strip },
  ] }, Math.floor(Date.now() / 1000));
  const env = { clock: systemClock, random: systemRandom, exchange: world.exchange, emit() {} };
  export const createResolver = (options = {}) =>
    real({ env, rootHints: world.hints, trustAnchors: world.anchors, ...options, settings: { queryPrivate: true, ...options.settings } });
`;

describe.skipIf(!existsSync(join(root, "dist/index.js")))(
  "docs/library.md and docs/mta-sts.md (npm run build makes dist)",
  () => {
    let dir = "";
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), "rootwalk-page-"));
      mkdirSync(join(dir, "node_modules/rootwalk"), { recursive: true });
      writeFileSync(join(dir, "node_modules/rootwalk/package.json"), '{ "type": "module", "exports": "./index.js" }');
      writeFileSync(join(dir, "node_modules/rootwalk/index.js"), stand);
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    it("has programs, and says of each what it prints", () => {
      expect(examples.length).toBeGreaterThan(5);
      expect(page.match(/^```js$/gm)).toHaveLength(examples.length);
    });

    it.each(examples)("$title", async ({ program, output }) => {
      const file = join(dir, "example.mjs");
      writeFileSync(file, program);
      const printed = await new Promise<string>((resolve) => {
        execFile(process.execPath, [file], { timeout: 20_000 }, (_error, out, err) => resolve(out + err));
      });
      expect(printed).toBe(output);
    });
  },
);
