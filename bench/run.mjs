// Compiles src and bench, then runs the benches named on the command line, or all: `npm run bench -- verify names`.
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
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(", ")}: ${known.join(", ")} expected`);
  process.exit(2);
}

mkdirSync(compiled, { recursive: true });
// Below node_modules the project's own does not count.
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
writeFileSync(`${compiled}package.json`, JSON.stringify({ type: "module", version }));
run(`${root}node_modules/typescript/bin/tsc`, ["--project", `${root}bench/tsconfig.json`]);
for (const name of wanted) run(`${compiled}bench/${name}.js`, []);

function run(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
