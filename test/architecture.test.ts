/** docs/ARCHITECTURE.md, checked: who imports whom, who may know time and chance, what is cited. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ambientViolations,
  citedRfcs,
  cycles,
  doorViolations,
  importsOf,
  layerViolations,
  lengthViolations,
  machineViolations,
  mintViolations,
  outsideViolations,
  rfcRows,
  rfcViolations,
  type Source,
} from "./architecture.ts";

const root = new URL("../", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

const sources: readonly Source[] = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))
  .sort()
  .map((path) => ({ path, text: read(`src/${path}`) }));

const source = (path: string, text: string): Source => ({ path, text });

describe("the sources", () => {
  it("are found", () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.map(({ path }) => path)).toContain("dnssec/verdict.ts");
  });

  it("import only lower layers", () => expect(layerViolations(sources)).toEqual([]));
  it("import each other without a cycle", () => expect(cycles(sources)).toEqual([]));
  it("take time and chance as arguments", () => expect(ambientViolations(sources)).toEqual([]));
  it("open sockets and load packages only where they are for", () => expect(outsideViolations(sources)).toEqual([]));
  it("mint verdicts only in dnssec/", () => expect(mintViolations(sources)).toEqual([]));
  it("have a door that only re-exports", () => {
    expect(doorViolations(sources.find(({ path }) => path === "index.ts")!)).toEqual([]);
  });
  it("are files of at most 400 lines", () => expect(lengthViolations(sources)).toEqual([]));
  it("cite RFCs that docs/rfc.md knows, and those that it calls met", () => {
    expect(rfcViolations(sources, rfcRows(read("docs/rfc.md")))).toEqual([]);
  });
});

describe("the pages", () => {
  const pages = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)];
  it.each(pages.filter((name) => name.endsWith(".md")))("%s names files that are there", (page) => {
    const named = [...read(page).matchAll(/`((?:[a-z0-9-]+\/)+[a-z0-9.-]*\.(?:ts|mjs|json))`/g)].map(
      ([, path]) => path!,
    );
    const missing = named.filter(
      (path) => !existsSync(new URL(`src/${path}`, root)) && !existsSync(new URL(path, root)),
    );
    expect(missing).toEqual([]);
  });
});

describe.skipIf(!existsSync(new URL(".git", root)))("what is tracked", () => {
  it("names nobody's machine and no registry", () => {
    const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
    const files = tracked
      .filter((path) => path !== "" && !/\.(?:xml|pem|p7s|png|tgz)$/.test(path) && existsSync(new URL(path, root)))
      .filter((path) => path !== "test/architecture.test.ts")
      .map((path) => ({ path, text: read(path) }));
    expect(files.length).toBeGreaterThan(100);
    expect(machineViolations(files)).toEqual([]);
  });
});

describe("a rule that is broken", () => {
  it("an import of a higher layer, or of a neighbour", () => {
    const made = [
      source("wire/name.ts", 'import { Secure } from "../dnssec/verdict.ts";\n'),
      source("dnssec/zone.ts", 'import type {\n  Ask,\n} from "../net/udp.ts";\n'),
      source("lab/world.ts", 'const judge = await import("../dnssec/zone.ts");\n'),
      source("cli/query.ts", 'import { a } from "../resolver/api.ts";\nexport { b } from "./help.ts";\n'),
    ];
    expect(layerViolations(made)).toEqual([
      "wire/name.ts:1: wire (0) may not import dnssec/verdict.ts (2)",
      "dnssec/zone.ts:1: dnssec (2) may not import net/udp.ts (2)",
      "lab/world.ts:1: lab (6) may not import dnssec/zone.ts (2)",
    ]);
  });

  it("a folder that nobody gave a layer", () => {
    const made = [source("utils/all.ts", 'import { a } from "../wire/name.ts";')];
    expect(layerViolations(made)).toEqual(["utils/all.ts:1: utils or wire has no layer"]);
  });

  it("a cycle, of types too", () => {
    const made = [
      source("wire/a.ts", 'import { b } from "./b.ts";'),
      source("wire/b.ts", 'import type { C } from "./c.ts";'),
      source("wire/c.ts", 'export * from "./a.ts";'),
      source("wire/d.ts", 'import { a } from "./a.ts";'),
    ];
    expect(cycles(made)).toEqual(["wire/a.ts -> wire/b.ts -> wire/c.ts -> wire/a.ts"]);
    expect(cycles(made.slice(0, 2))).toEqual([]);
  });

  it.each([
    ["Date.now()", "const now = Date.now();"],
    ["new Date()", "const now = new Date();"],
    ["new Date", "const now = new Date;"],
    ["Date()", "const now = Date();"],
    ["setTimeout", "setTimeout(wake, 10);"],
    ["setInterval", "const timer = setInterval(wake, 10);"],
    ["setImmediate", "setImmediate(wake);"],
    ["performance", "const now = performance.now();"],
    ["process.hrtime", "const now = process.hrtime.bigint();"],
    ["Math.random", "const id = Math.random();"],
    ["randomBytes", 'import { randomBytes } from "node:crypto";'],
    ["crypto.getRandomValues", "crypto.getRandomValues(octets);"],
    ["fetch", "const policy = await fetch(url);"],
    ["AbortSignal.timeout", "const signal = AbortSignal.timeout(1000);"],
    ["time in a template", "const text = `at $" + "{Date.now()}`;"],
    ["time behind a regular expression with a quote", "const q = /['\"`]/.test(x); const now = Date.now();"],
    ["time behind a division", "const half = a / b; const now = Date.now() / 2;"],
  ])("ambient: %s", (_what, text) => {
    expect(ambientViolations([source("dnssec/zone.ts", text)])).toHaveLength(1);
    const inSystem = ambientViolations([source("env/system.ts", text)]);
    expect(inSystem).toEqual([]);
  });

  it("but words about time, dates from numbers and methods of that name are fine", () => {
    const text = `
      // Date.now() makes a rule untestable; /* so does */ setTimeout
      /* Math.random() */
      const advice = "no setTimeout here", other = 'Date.now()', third = \`performance.now() \${name}\`;
      const day = new Date(seconds * 1000).toISOString();
      const parsed = Date.parse(text);
      env.setTimeout(1); session.fetch(name); this.#fetch(name); const performance = 3;
      interface Clock { fetch: (name: string) => void; fetch(name: string): void }
    `;
    expect(ambientViolations([source("dnssec/zone.ts", text)])).toEqual([]);
  });

  it("setImmediate is for the virtual clock as well", () => {
    expect(ambientViolations([source("env/virtual.ts", "setImmediate(turn);")])).toEqual([]);
    expect(ambientViolations([source("env/virtual.ts", "setTimeout(turn);")])).toHaveLength(1);
  });

  it("a socket, a Node module, a package in the wrong place", () => {
    const made = [
      source("iterator/ask.ts", 'import { createSocket } from "node:dgram";'),
      source("cli/query.ts", 'import net from "node:net";'),
      source("resolver/lookup.ts", 'import { ADDRCONFIG, resolve4 } from "node:dns";\nimport { ALL } from "node:dns";'),
      source("wire/text.ts", 'import { Buffer } from "node:buffer";'),
      source("dnssec/zone.ts", 'import { p256 } from "@noble/curves/nist.js";'),
      source("cli/help.ts", 'import chalk from "chalk";'),
      source("net/udp.ts", 'import { createSocket } from "node:dgram";'),
      source("crypto/portable.ts", 'import { p256 } from "@noble/curves/nist.js";'),
    ];
    expect(outsideViolations(made)).toEqual([
      "iterator/ask.ts:1: node:dgram: iterator does without Node",
      "cli/query.ts:1: node:net: no sockets in cli",
      "resolver/lookup.ts:1: node:dns: no sockets in resolver",
      "wire/text.ts:1: node:buffer: wire does without Node",
      "dnssec/zone.ts:1: @noble/curves/nist.js: is for crypto",
      "cli/help.ts:1: chalk: is no dependency",
    ]);
  });

  it("a mint in the wrong hands", () => {
    const made = [
      source("cache/zones.ts", 'import { type Verdict, mintSecure as secure } from "../dnssec/verdict.ts";'),
      source("resolver/chain.ts", 'import * as verdict from "../dnssec/verdict.ts";'),
      source("dnssec/zone.ts", 'import { mintSecureZone } from "./zone-trust.ts";'),
    ];
    expect(mintViolations(made)).toEqual([
      "cache/zones.ts:1: mintSecure",
      "resolver/chain.ts:1: all of ../dnssec/verdict.ts, mints included",
    ]);
  });

  it("a door with something in it", () => {
    const text = '/** Door. */\nexport { a, type B } from "./a.ts";\nexport const c = 1;\nexport { d } from "pkg";\n';
    expect(doorViolations(source("index.ts", text))).toEqual([
      "index.ts: export const c = 1",
      'index.ts: export { d } from "pkg"',
    ]);
  });

  it("a file that is too long", () => {
    const made = [source("wire/a.ts", "\n".repeat(401)), source("wire/b.ts", "\n".repeat(400))];
    expect(lengthViolations(made)).toEqual(["wire/a.ts has 401 lines"]);
  });

  it("an RFC without a row, a row without a citation, a place that is not there", () => {
    const rows = rfcRows(`
| RFC | subject | met | where |
|---|---|---|---|
| 4034 | records | yes | \`wire/a.ts\`, \`wire/\` |
| 4035, 5155 | resolvers | yes; mostly | \`dnssec/gone.ts\` |
| 6698 | TLSA | not yet | – |
| 4034 | again | yes | – |
`);
    const made = [source("wire/a.ts", "/** RFC 4034 §6.2, RFCs 4035 and 9999. */ const why = `RFC 1 is short`;")];
    expect(rfcViolations(made, rows)).toEqual([
      "wire/a.ts: RFC 9999 has no row",
      "RFC 5155 is met, says its row, but cited nowhere",
      "RFC 4035, 5155: there is no src/dnssec/gone.ts",
      "RFC 4034 has two rows",
    ]);
  });

  it("a machine in a file", () => {
    const made = [
      source("a", 'const home = "/root/x", folder = "/home/anna/y";'),
      source("b", "see https://registry.example.org/x, not /workshop or and/home/plain"),
    ];
    expect(machineViolations(made)).toEqual(["a:1: /root/x", "a:1: /home/anna/y", "b:1: registry.example.org"]);
  });

  it("reads imports in all their forms", () => {
    const text = `
      import a, { type B, c as d } from "./one.ts"; // import { x } from "./comment.ts"
      import * as e from './two.ts';
      import "./three.ts";
      export type { F } from "./four.ts";
      const g = await import("./five.ts");
      const text = "words from 'nowhere'";
    `;
    const found = importsOf(text).map(({ specifier, names }) => `${specifier} ${names.join(" ")}`);
    expect(found.sort()).toEqual(["./five.ts *", "./four.ts F", "./one.ts a B c", "./three.ts *", "./two.ts *"]);
  });

  it("reads citations", () => {
    expect(citedRfcs("RFC 4034 §6.2, RFC 5155; RFCs 6840, 9904 and 9905; RFC 9276 and 150 rounds")).toEqual([
      4034, 5155, 6840, 9904, 9905, 9276, 150,
    ]);
  });
});
