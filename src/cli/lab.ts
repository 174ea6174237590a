/** `rootwalk lab`: a small signed Internet on loopback with a resolver in front of it, and questions that teach. */
import type { Answer } from "../dnssec/answer.ts";
import type { Env } from "../env/env.ts";
import { systemClock, systemRandom } from "../env/system.ts";
import { seededRandom, virtualClock } from "../env/virtual.ts";
import { listen as listenToLab } from "../lab/loopback.ts";
import { buildWorld, type World } from "../lab/world.ts";
import { demoWorld, type TellingQuestion, tellingQuestions } from "../lab/worlds/demo.ts";
import { soundWorld } from "../lab/worlds/sound.ts";
import { type Wound, wounds } from "../lab/wounds.ts";
import { systemExchange } from "../net/exchange.ts";
import { reasonOf } from "../picture/words.ts";
import type { Resolver } from "../resolver/api.ts";
import { settingsWith } from "../resolver/options.ts";
import { ListenError, listen } from "../server/listeners.ts";
import { createResponder } from "../server/responder.ts";
import type { Command, Io } from "./command.ts";
import type { Given } from "./options.ts";

const RESOLVER_PORT = 5300;
const SERVER_PORT = 5353;
const ANY_PORT = { min: 1, max: 65535 };
/** The lab's servers live in 127/8, which resolvers otherwise refuse to ask. */
const settings = { queryPrivate: true };

export const labCommand: Command = {
  name: "lab",
  summary: "a small signed Internet on this machine, with a resolver and questions that teach",
  usage: "[options]",
  about: [
    "Starts a root, top-level domains and zones of every kind (signed with each algorithm, unsigned, opted out, expired, forged, silent) as name servers on 127.53.0.x, and a resolver on 127.0.0.1 that walks and proves through them. Nothing leaves this machine. It asks a list of telling questions, prints what came of each and why, and goes on answering until SIGINT.",
    "On systems other than Linux the addresses 127.53.0.x must be added to the loopback interface first; --once and --wounds need no sockets at all.",
  ],
  options: {
    once: { value: null, why: "ask the questions in memory, print, and exit" },
    wounds: { value: null, why: "in memory: one correct world, wounded in one way after the other" },
    port: { value: "N", why: `the resolver's port on 127.0.0.1; default ${RESOLVER_PORT}` },
    "server-port": { value: "N", why: `the port of all name servers; default ${SERVER_PORT}` },
    json: { value: null, why: "one JSON object instead of text" },
  },
  examples: [
    { line: "rootwalk lab", says: "then, elsewhere: dig @127.0.0.1 -p 5300 _25._tcp.mx.good.lab TLSA +dnssec" },
    { line: "rootwalk lab --once", says: "the questions and their verdicts, without opening a port" },
    { line: "rootwalk lab --wounds", says: "every defect that the lab can make, and what becomes of it" },
  ],
  exitCodes: [
    [0, "every question came out as it should"],
    [1, "one did not, or an address could not be opened"],
    [2, "the command line is wrong"],
  ],
  run: lab,
};

async function lab(given: Given, io: Io): Promise<number> {
  const port = given.number("port", ANY_PORT) ?? RESOLVER_PORT;
  const show = given.on("json") ? asJson : asText;
  if (given.on("wounds")) return tell(await askWounds(io), show, { io, port: null });
  if (given.on("once")) return tell(await askInMemory(io), show, { io, port: null });
  return serveLab({ port, serverPort: given.number("server-port", ANY_PORT) ?? SERVER_PORT, show }, io);
}

/** One question with what came of it. */
interface Told {
  readonly title: string;
  readonly name: string;
  readonly type: string;
  readonly expect: string;
  readonly outcome: string;
  readonly reason: string;
}

async function askInMemory(io: Io): Promise<readonly Told[]> {
  const now = io.clock.unixSeconds();
  const clock = virtualClock({ unixSeconds: now });
  const world = buildWorld(demoWorld, now, { clock });
  const resolver = resolverOf(world, { clock, random: seededRandom(1), exchange: world.exchange, emit: () => {} }, io);
  return clock.run(() => askAll(resolver));
}

/** A world of its own for each wound: caches must not know each other. */
async function askWounds(io: Io): Promise<readonly Told[]> {
  const now = io.clock.unixSeconds();
  const told: Told[] = [];
  for (const wound of wounds) {
    const clock = virtualClock({ unixSeconds: now });
    const world = buildWorld(wound.inflict(soundWorld), now, { clock });
    const resolver = resolverOf(
      world,
      { clock, random: seededRandom(1), exchange: world.exchange, emit: () => {} },
      io,
    );
    const answer = await clock.run(() => resolver.resolve(wound.question.name, wound.question.type));
    told.push(toldOfWound(wound, answer));
  }
  return told;
}

function toldOfWound(wound: Wound, { verdict }: Answer): Told {
  const { name, type } = wound.question;
  return {
    title: `${wound.name}: ${wound.what}`,
    name,
    type,
    expect: wound.status,
    outcome: verdict.status,
    reason: reasonOf(verdict),
  };
}

interface Serving {
  readonly port: number;
  readonly serverPort: number;
  readonly show: (told: readonly Told[], port: number | null) => string;
}

async function serveLab({ port, serverPort, show }: Serving, io: Io): Promise<number> {
  const world = buildWorld(demoWorld, io.clock.unixSeconds());
  const servers = await orComplain(listenToLab(world, { port: serverPort }), io);
  if (servers === null) return 1;
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings: settingsWith(settings) });
  const env = { clock: io.clock, random: systemRandom, exchange: servers.through(network.exchange), emit: () => {} };
  const resolver = resolverOf(world, env, io);
  try {
    const responder = createResponder({ resolver, clock: io.clock, version: "rootwalk lab" });
    const listening = await orComplain(listen(responder, [{ address: "127.0.0.1", port }], { clock: io.clock }), io);
    if (listening === null) return 1;
    io.stdout(
      `${world.servers.length} name servers on 127.53.0.x, port ${servers.port}; resolver on 127.0.0.1, port ${port}\n`,
    );
    io.stdout(`trust anchors of this Internet:\n${world.anchors}\n`);
    const code = tell(await askAll(resolver, io.stop), show, { io, port });
    await aborted(io.stop);
    await listening.close();
    return code;
  } finally {
    await resolver.close();
    await network.close();
    await servers.close();
  }
}

/** What the system says to a port that is taken is for the user, not for a stack trace. */
async function orComplain<T>(opening: Promise<T>, io: Io): Promise<T | null> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof ListenError) && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    io.stderr(`rootwalk: ${(error as Error).message}\n`);
    return null;
  }
}

function resolverOf(world: World, env: Env, io: Io): Resolver {
  return io.createResolver({ env, rootHints: world.hints, trustAnchors: world.anchors, settings });
}

/** All at once: those that wait for nobody would hold up the rest. */
function askAll(resolver: Resolver, signal?: AbortSignal): Promise<readonly Told[]> {
  return Promise.all(
    tellingQuestions.map(async ({ name, type, expect, note }) => {
      const answer = await resolver.resolve(name, type, signal === undefined ? {} : { signal });
      return { title: note, name, type, expect, outcome: outcomeOf(answer), reason: reasonOf(answer.verdict) };
    }),
  );
}

function outcomeOf({ verdict }: Answer): TellingQuestion["expect"] {
  switch (verdict.status) {
    case "secure":
      return verdict.value.kind === "answer" ? "secure" : "denied";
    case "insecure":
    case "bogus":
      return verdict.status;
    case "indeterminate":
      return "no answer";
  }
}

function tell(
  told: readonly Told[],
  show: Serving["show"],
  { io, port }: { readonly io: Io; readonly port: number | null },
): number {
  io.stdout(show(told, port));
  return told.every(({ expect, outcome }) => expect === outcome) ? 0 : 1;
}

function asText(told: readonly Told[], port: number | null): string {
  const width = Math.max(...told.map(({ outcome }) => outcome.length));
  const indent = " ".repeat(width + 2);
  const blocks = told.map(({ title, name, type, expect, outcome, reason }) => {
    const lines = [`${outcome.padEnd(width)}  ${name} ${type}: ${title}`, `${indent}${reason}`];
    if (outcome !== expect) lines.push(`${indent}NOT AS IT SHOULD BE: ${expect} was expected`);
    if (port !== null) lines.push(`${indent}${digLine({ name, type }, port)}`);
    return lines.join("\n");
  });
  const right = told.filter(({ expect, outcome }) => expect === outcome).length;
  return `${blocks.join("\n\n")}\n\n${right} of ${told.length} came out as they should\n`;
}

function asJson(told: readonly Told[], port: number | null): string {
  const questions = told.map((row) => (port === null ? row : { ...row, dig: digLine(row, port) }));
  return `${JSON.stringify({ questions }, null, 2)}\n`;
}

function digLine({ name, type }: { readonly name: string; readonly type: string }, port: number): string {
  return `dig @127.0.0.1 -p ${port} ${name} ${type} +dnssec`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
