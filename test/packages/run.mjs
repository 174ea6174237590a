// `npm run test:packages`: installs ZoneMTA, Haraka and got beside this file, as its lock file says, and lets them deliver
// mail and fetch pages with rootwalk. No root; network for npm only.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
if (!existsSync(`${root}dist/index.js`)) end("dist/index.js is missing: npm run build", 1);

const quiet = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
if (!existsSync(`${here}node_modules/got`) && npm("ci", ...quiet).status !== 0)
  end("skipped: the packages are not to be had", 0);

/** ZoneMTA 3.11 and what mx-connect 2 is made for. */
const NEEDED = [22, 19];
const [major, minor] = process.versions.node.split(".").map(Number);
let node = process.execPath;
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  const home = `${root}node_modules/.cache/node24`;
  node = `${home}/node_modules/node/bin/node`;
  if (!existsSync(node))
    npm("install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", home, "node@24");
  if (!existsSync(node)) end(`skipped: they need Node ${NEEDED.join(".")}, and node@24 is not to be had`, 0);
}
console.log(`mail servers on Node ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);

const vitest = [`${root}node_modules/vitest/vitest.mjs`, "run", "--config", `${here}vitest.config.ts`];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  env: { ...process.env, ROOTWALK_TEST_NODE: node },
  stdio: "inherit",
});
process.exit(status ?? 1);

function npm(...args) {
  return spawnSync("npm", args, { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
}

function end(reason, code) {
  console.error(`test:packages: ${reason}`);
  process.exit(code);
}
