/** `npm run rpl`: compiles the runner and what it runs (Node 20 does not strip types), then hands over to cli.ts. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const out = new URL("node_modules/.cache/rpl/", root);
mkdirSync(out, { recursive: true });
// below node_modules, a folder must say itself that its files are ES modules
writeFileSync(new URL("package.json", out), '{ "type": "module" }\n');
const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root));
const compiled = spawnSync(
  process.execPath,
  [tsc, "--project", fileURLToPath(new URL("tsconfig.json", import.meta.url))],
  {
    stdio: ["ignore", 2, 2],
  },
);
if (compiled.status !== 0 && !process.argv.includes("--despite-type-errors")) process.exit(compiled.status ?? 1);
const { main } = await import(new URL("test/rpl/cli.js", out).href);
process.exitCode = await main(process.argv.slice(2).filter((word) => word !== "--despite-type-errors"));
