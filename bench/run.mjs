// Compiles src and bench, then runs the benches named on the command line, or all, and writes docs/benchmarks.md:
// `npm run bench -- verify names`. With names of peers only these are measured: `npm run bench -- cold-waits unbound rootwalk`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = `${root}node_modules/.cache/bench/`;
const helpers = new Set(["echo", "flood", "harness", "namespace", "peers", "world"]);

const known = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"))
  .filter((name) => !helpers.has(name))
  .sort();
const peers = ["unbound", "rootwalk", "rootwalk on newest Node", "rootwalk on Bun", "named", "kresd", "pdns", "echo"];
const given = process.argv.slice(2);
const unknown = given.filter((name) => !known.includes(name) && !peers.includes(name));
if (unknown.length > 0) {
  console.error(
    `there is no bench or peer ${unknown.join(", ")}: ${known.join(", ")} expected, or ${peers.join(", ")}`,
  );
  process.exit(2);
}
const named = known.filter((name) => given.includes(name));
const wanted = named.length > 0 ? named : known;
const chosen = given.filter((name) => peers.includes(name));

mkdirSync(compiled, { recursive: true });
// Below node_modules the project's own does not count.
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
writeFileSync(`${compiled}package.json`, JSON.stringify({ type: "module", version }));
run(`${root}node_modules/typescript/bin/tsc`, ["--project", `${root}bench/tsconfig.json`]);
for (const name of wanted) {
  const startMs = performance.now();
  run(`${compiled}bench/${name}.js`, chosen);
  console.log(`${name} took ${Math.round((performance.now() - startMs) / 1000)} s\n`);
}
// What was measured with some peers only is no result to show.
if (chosen.length === 0) run(`${compiled}bench/rig/report.js`, []);

function run(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
