/**
 * node test/soak/run.mjs --questions N [--only KIND,KIND] [--cache-octets N] [--every N]
 *
 * Compiles the soak and runs it (`npm run soak`): N distinct questions to one resolver, and the size of its process.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const out = new URL("node_modules/.cache/soak/", root);
mkdirSync(out, { recursive: true });
// below node_modules, a folder must say itself that its files are ES modules
writeFileSync(new URL("package.json", out), '{ "type": "module" }\n');
const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root));
const project = fileURLToPath(new URL("tsconfig.json", import.meta.url));
const compiled = spawnSync(process.execPath, [tsc, "--project", project], { stdio: ["ignore", 2, 2] });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const main = JSON.stringify(new URL("test/soak/main.js", out).href);
const code = `import(${main}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
const { status } = spawnSync(process.execPath, ["--expose-gc", "--eval", code, "--", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(status ?? 1);
