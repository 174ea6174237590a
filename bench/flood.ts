/** Questions as fast as they are answered: dnsperf, or where it is missing a smaller generator of our own. */
import { execFile, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { encodeQuery } from "../src/wire/message.ts";
import { Name } from "../src/wire/name.ts";
import { typeFromText } from "../src/wire/registry.ts";

export interface Flood {
  readonly what: string;
  readonly questions: readonly (readonly [name: string, type: string])[];
  readonly dnssecOk: boolean;
  readonly transport: "udp" | "tcp" | "dot";
  /** Questions under way. */
  readonly atOnce: number;
  readonly sockets: number;
  /** Of the server; two leave the generator no processor of its own. One unless told otherwise. */
  readonly workers?: 1 | 2;
}

export interface Measured {
  readonly answers: number;
  readonly perSecond: number;
  readonly meanUs: number;
}

const GENERATOR_CORE = "1";

const dnsperf = spawnSync("dnsperf", ["-h"], { encoding: "utf8" });
const hasDnsperf = dnsperf.status !== null;
const version = /Version ([0-9.]+)/.exec(`${dnsperf.stdout}${dnsperf.stderr}`)?.[1] ?? "";
export const generatorName: string = hasDnsperf
  ? `dnsperf ${version}`.trim()
  : "a generator in Node, slower than unbound";

export interface Effort {
  readonly seconds: number;
  readonly folder: string;
}

/** Null: not every question was answered with NOERROR, so what was measured is something else. */
export async function flood(port: number, how: Flood, { seconds, folder }: Effort): Promise<Measured | null> {
  const { questions, dnssecOk, transport, atOnce, sockets, workers = 1 } = how;
  if (!hasDnsperf && transport !== "udp") return null;
  const file = join(folder, "questions");
  writeFileSync(file, questions.map(([name, type]) => `${name} ${type}\n`).join(""));
  const options = hasDnsperf
    ? `dnsperf -s 127.0.0.1 -p ${port} -d ${file} -l ${seconds} -m ${transport} -c ${sockets} -q ${atOnce}${dnssecOk ? " -e -D" : ""}`
    : `${process.execPath} ${fileURLToPath(import.meta.url)} ${port} ${file} ${atOnce} ${seconds} ${dnssecOk ? "do" : ""}`;
  const said = await output("taskset", ["-c", workers === 1 ? GENERATOR_CORE : "0,1", ...options.trim().split(" ")]);
  return hasDnsperf ? readDnsperf(said) : (JSON.parse(said) as Measured);
}

function readDnsperf(text: string): Measured | null {
  const figure = (label: string): number => figureIn(text, label);
  const answered = figure("Queries completed") >= 0.98 * figure("Queries sent");
  if (!answered || !/NOERROR [0-9]+ \(100\.00%\)/.test(text)) return null;
  const answers = figure("Queries completed");
  return { answers, perSecond: figure("Queries per second"), meanUs: 1e6 * figure("Average Latency \\(s\\)") };
}

export interface AskedOnce {
  readonly perSecond: number;
  /** "NOERROR", or several with their shares. */
  readonly rcodes: string;
}

/** Each question of the file once, by UDP, with DO. Needs dnsperf; what is lost counts for little and is told. */
export async function questionsOnce(
  port: number,
  file: string,
  { atOnce }: { readonly atOnce: number },
): Promise<AskedOnce> {
  if (!hasDnsperf) throw new Error("dnsperf is not installed (node bench/install.mjs does that)");
  const options = `dnsperf -s 127.0.0.1 -p ${port} -d ${file} -n 1 -c 8 -q ${atOnce} -t 10 -e -D`;
  const said = await output("taskset", ["-c", GENERATOR_CORE, ...options.split(" ")]);
  const codes = [...said.matchAll(/([A-Z]+) [0-9]+ \(([0-9.]+%)\)/g)].map(([, code, share]) =>
    share === "100.00%" ? code! : `${code} ${share}`,
  );
  const lost = figureIn(said, "Queries lost");
  return {
    perSecond: figureIn(said, "Queries per second"),
    rcodes: codes.join(", ") + (lost > 0 ? `, ${lost} lost` : ""),
  };
}

function figureIn(text: string, label: string): number {
  const found = new RegExp(`${label}:?\\s+([0-9.]+)`).exec(text);
  if (found === null) throw new Error(`dnsperf says no "${label}": ${text}`);
  return Number(found[1]);
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} failed: ${stderr}`, { cause: error }));
    });
  });
}

/** Run as a program: keeps `atOnce` questions under way on one socket. */
async function main([port, file, atOnce, seconds, dnssecOk]: readonly string[]): Promise<void> {
  const { readFileSync } = await import("node:fs");
  const lines = readFileSync(file!, "utf8").trim().split("\n");
  const queries = lines.map((line) => {
    const [name, type] = line.split(" ");
    const question = { name: Name.parse(name!), type: typeFromText(type!)!, class: 1 };
    const edns = dnssecOk === "do" ? { udpSize: 1232, options: [] } : null;
    return Buffer.from(encodeQuery({ id: 0, question, rd: true, cd: false, edns }));
  });
  const socket = createSocket("udp4");
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    const query = queries[sent % queries.length]!;
    query.writeUInt16BE(sent & 0xffff, 0);
    sent += 1;
    socket.send(query);
  };
  socket.on("message", () => {
    answered += 1;
    send();
  });
  await new Promise<void>((resolve) => socket.connect(Number(port), "127.0.0.1", resolve));
  const startMs = performance.now();
  for (let i = 0; i < Number(atOnce); i++) send();
  await new Promise((resolve) => setTimeout(resolve, 1000 * Number(seconds)));
  const elapsed = (performance.now() - startMs) / 1000;
  socket.close();
  process.stdout.write(
    JSON.stringify({
      answers: answered,
      perSecond: answered / elapsed,
      meanUs: (1e6 * Number(atOnce) * elapsed) / answered,
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
