/** The whole run, inside its own network: build the tree, serve it, ask everybody the same, say where they differ. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { authoritiesAt, type Place } from "./addresses.ts";
import { startAuthorities } from "./authorities.ts";
import { compareAll, printComparison } from "./comparison.ts";
import { fallen, stopDaemons } from "./daemon.ts";
import { planTree } from "./plan.ts";
import { questions } from "./questions.ts";
import { dice } from "./random.ts";
import { inParallel } from "./run-tool.ts";
import { failedChecks } from "./spot-checks.ts";
import { buildTree } from "./tree.ts";
import { startValidator, type Validator, type ValidatorName, writeWorld } from "./validators.ts";
import { wrongVerdicts } from "./verdicts.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "20261123" },
    questions: { type: "string", default: "2400" },
    peers: { type: "string", default: "unbound,named" },
    place: { type: "string", default: "loopback" },
    keep: { type: "boolean", default: false },
    stay: { type: "boolean", default: false },
  },
});

const FIRST_PORT = 5301;

const started = performance.now();
function tell(line: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

const folder = mkdtempSync(join(tmpdir(), "rootwalk-peers-"));
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    interrupted = true;
    void cleanUp().then(() => process.exit(1));
  });
}
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!interrupted) console.error(error);
  process.exitCode = 1;
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await stopDaemons();
  if (options.keep) tell(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<boolean> {
  const seed = Number(options.seed);
  const authorities = authoritiesAt(options.place as Place);
  const plans = planTree(authorities, dice(seed));
  const asked = questions(plans, Number(options.questions), dice(seed + 1));
  tell(`${plans.length} zones and ${asked.length} questions planned, seed ${seed}`);

  const tree = await buildTree(plans, folder, Math.floor(Date.now() / 1000));
  tell("zones signed by dnssec-signzone, ldns-signzone and kzonesign");
  await startAuthorities(authorities, tree, folder);
  tell(`served by nsd, knotd and named on ${authorities.flatMap(({ addresses }) => addresses).length} addresses`);
  const rootServers = authorities.filter(({ tier }) => tier === "root");
  const world = writeWorld(rootServers, tree.anchors, folder);
  const names: ValidatorName[] = ["rootwalk", ...(options.peers.split(",") as ValidatorName[])];
  const [rootwalk, ...peers] = (await inParallel(names, names.length, (name, i) =>
    startValidator(name, FIRST_PORT + i, world, join(folder, name)),
  )) as [Validator, ...Validator[]];
  tell(`${names.join(", ")} answer on 127.0.0.1, ports ${FIRST_PORT} to ${FIRST_PORT + names.length - 1}`);

  const verdicts = await wrongVerdicts(plans, rootwalk);
  tell(`www of each zone: ${verdicts.length} of ${plans.length} verdicts other than planned`);
  for (const line of verdicts) console.log(`  WRONG: ${line}`);

  const { made, failed } = await failedChecks(tree, authorities, rootwalk, world, folder);
  tell(`dig, delv and drill: ${failed.length} of ${made} checks failed`);
  for (const line of failed) console.log(`  FAILED: ${line}`);

  const comparison = await compareAll(asked, rootwalk, peers, tell);
  const open = [...comparison.unexplained.values()].flat().length;
  tell(`compared with ${peers.map(({ name }) => name).join(" and ")}: ${open} unexplained differences`);
  printComparison(comparison, rootwalk, peers);

  for (const line of fallen) console.log(`  FALLEN: ${line}`);

  if (options.stay) {
    tell(`staying until SIGINT; from outside: nsenter --net --target <pid of this node> dig …`);
    await new Promise((resolve) => process.once("SIGINT", resolve));
  }
  return verdicts.length === 0 && failed.length === 0 && open === 0 && fallen.length === 0;
}
