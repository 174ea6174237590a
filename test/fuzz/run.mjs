/**
 * node test/fuzz/run.mjs --seconds N [--only TARGET] [--seed S]
 *
 * Compiles the targets and what they run (Node 20 does not strip types), then fuzzes for N seconds and says how many
 * inputs were tried. The exit status is 1 if anything failed; the seed that is printed plays it again.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const out = new URL("node_modules/.cache/fuzz/", root);
mkdirSync(out, { recursive: true });
// below node_modules, a folder must say itself that its files are ES modules
writeFileSync(new URL("package.json", out), '{ "type": "module" }\n');
const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root));
const project = fileURLToPath(new URL("tsconfig.json", import.meta.url));
const compiled = spawnSync(process.execPath, [tsc, "--project", project], { stdio: ["ignore", 2, 2] });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const { main } = await import(new URL("test/fuzz/main.js", out).href);
process.exitCode = await main(process.argv.slice(2));
