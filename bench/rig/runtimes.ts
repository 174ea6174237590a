/**
 * What rootwalk can run on: the Node of this process, the newest Node and Bun, both from the npm packages that carry them,
 * fetched into node_modules/.cache, where they are no dependency of the project.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";

export interface Runtime {
  readonly label: string;
  readonly command: string;
}

interface Row {
  readonly package: string;
  readonly binary: string;
  readonly label: string;
}

const rows = {
  newest: { package: "node@26", binary: "node/bin/node", label: "Node" },
  bun: { package: "bun@1", binary: "bun/bin/bun.exe", label: "Bun" },
} satisfies Record<string, Row>;

export type RuntimeName = "here" | keyof typeof rows;

const found = new Map<RuntimeName, Runtime | string>();

/** A string: why it is not to be had. */
export function runtime(name: RuntimeName): Runtime | string {
  let known = found.get(name);
  if (known === undefined) {
    known =
      name === "here" ? { label: `Node ${process.versions.node}`, command: process.execPath } : fetched(rows[name]);
    found.set(name, known);
  }
  return known;
}

/** Where the network is; what cannot be had is left out, and said when it is asked for. */
export function fetchRuntimes(): void {
  for (const { package: wanted, binary } of Object.values(rows)) {
    const home = homeOf(wanted);
    if (existsSync(`${home}/node_modules/${binary}`)) continue;
    mkdirSync(home, { recursive: true });
    writeFileSync(`${home}/package.json`, '{ "private": true }\n');
    const install = ["install", "--silent", "--no-audit", "--no-fund", "--foreground-scripts", wanted];
    spawnSync("npm", install, { cwd: home, timeout: 120_000, stdio: "ignore" });
  }
}

function fetched({ package: wanted, binary, label }: Row): Runtime | string {
  const command = `${homeOf(wanted)}/node_modules/${binary}`;
  const { stdout, status } = spawnSync(command, ["--version"], { encoding: "utf8" });
  if (status !== 0) return `npm package ${wanted} is not to be had`;
  return { label: `${label} ${stdout.trim().replace(/^v/, "")}`, command };
}

const homeOf = (wanted: string): string => `${process.cwd()}/node_modules/.cache/runtimes/${wanted}`;
