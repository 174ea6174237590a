// `npm run test:peers`: compiles what stands here (Node 20 does not strip types), installs what is missing, and starts
// main.js in a network of its own where that is permitted, else on the host's loopback addresses.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiled = `${root}node_modules/.cache/peers/`;
mkdirSync(compiled, { recursive: true });
writeFileSync(`${compiled}package.json`, '{ "type": "module" }\n'); // below node_modules the project's own does not count
const tsc = ["node_modules/typescript/bin/tsc", "--project", "test/peers/tsconfig.json"];
const compilation = spawnSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
if (compilation.status !== 0) process.exit(1);
if (!existsSync(`${root}dist/main.js`)) fail("dist/main.js is missing: npm run build");

try {
  const { ensurePrograms } = await import(`${compiled}programs.js`);
  ensurePrograms(console.log);
} catch (error) {
  fail(error.message);
}

const { enterNetwork } = await import(`${compiled}network.js`);
const { place, command, args } = enterNetwork([process.execPath, `${compiled}main.js`]);
const run = spawnSync(command, [...args, "--place", place, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(run.status ?? 1);

function fail(reason) {
  console.error(`test:peers: ${reason}`);
  process.exit(1);
}
