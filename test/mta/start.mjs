// `npm run test:mta`: compiles what stands here (Node 20 does not strip types), fetches Postfix and Exim, and starts main.js
// where it may do as it likes: in mount, network and process namespaces of its own, which end with it.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const LIMIT_MS = 170_000;
const keep = process.argv.includes("--keep");

if (process.getuid?.() !== 0) end("skipped: this needs root, for namespaces and for users of mail servers' own", 0);

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiled = `${root}node_modules/.cache/mta/`;
mkdirSync(compiled, { recursive: true });
writeFileSync(`${compiled}package.json`, '{ "type": "module" }\n'); // below node_modules the project's own does not count
const tsc = ["node_modules/typescript/bin/tsc", "--project", "test/mta/tsconfig.json"];
if (spawnSync(process.execPath, tsc, { cwd: root, stdio: "inherit" }).status !== 0) process.exit(1);
if (!existsSync(`${root}dist/main.js`)) end("dist/main.js is missing: npm run build", 1);

const { mayHaveNamespaces, privately } = await import(`${compiled}test/mta/namespaces.js`);
if (!mayHaveNamespaces()) end("skipped: unshare is not permitted here, or this is not Linux", 0);

const folder = mkdtempSync(join(tmpdir(), "rootwalk-mta-"));
chmodSync(folder, 0o755); // for the users that mail servers run as
process.on("exit", () => {
  if (keep) console.log(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

let programs;
try {
  const { fetchPrograms } = await import(`${compiled}test/mta/packages.js`);
  programs = fetchPrograms(`${compiled}packages`, console.log);
} catch (error) {
  end(error.message, 1);
}

const { command, args, env } = privately([process.execPath, `${compiled}test/mta/main.js`, folder, programs], {
  folder,
  programs,
});
const run = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
// SIGKILL: unshare waits for its child whatever else it gets, and takes the whole process namespace with it
const stop = (why) => {
  console.error(`test:mta: ${why}`);
  run.kill("SIGKILL");
};
const limit = setTimeout(() => stop(`not done within ${LIMIT_MS / 1000} s`), LIMIT_MS);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => stop(signal));
run.on("error", (error) => end(error.message, 1));
run.on("exit", (code) => {
  clearTimeout(limit);
  process.exit(code ?? 1);
});

function end(reason, code) {
  console.error(`test:mta: ${reason}`);
  process.exit(code);
}
