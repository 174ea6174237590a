/**
 * One question to a zone's servers until one gives a usable answer: the best first, another beside it when it is slow,
 * all again with more patience, TCP as the way out when no datagram comes back. RFC 1034 §5.3.3, RFC 9520 §3.1.
 */
import { Ending } from "../env/abort.ts";
import type { ServerAddress, Transport } from "../env/env.ts";
import type { Conclusive } from "../rrset/findings.ts";
import type { Message, Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { type AskContext, askServer, type Reply } from "./ask.ts";
import { type Classified, type ClassifyLimits, classifyResponse, uselessText } from "./classify.ts";
import type { Delegation, NameServer } from "./delegation.ts";
import { patienceMs, rankServers } from "./servers.ts";

export interface ZoneContext extends AskContext {
  readonly limits: ClassifyLimits;
  readonly sendsPerAddress: number;
  readonly nsLookupsAtOnce: number;
  /** Questions in flight to a server that has stopped answering. */
  readonly probesAtOnce: number;
  /** Servers not to be asked, because what they said was bogus. */
  readonly avoid: ReadonlySet<string>;
  /** False for addresses to which no question goes: private space, a family that is switched off. */
  readonly mayContact: (server: ServerAddress, zone: Delegation) => boolean;
  /** From the cache, without asking anybody. */
  readonly knownAddresses: (server: Name) => readonly string[];
  /** Looks them up; empty if there are none or limits forbid. Never rejects. */
  readonly lookUpAddresses: (server: Name, signal: AbortSignal, zone: Delegation) => Promise<readonly string[]>;
}

export type ZoneReply =
  | {
      readonly kind: "answered";
      readonly response: Exclude<Classified, { kind: "useless" }>;
      readonly message: Message;
      readonly from: ServerAddress;
    }
  | {
      readonly kind: "failed";
      readonly why: "spent" | "aborted" | "no servers" | "unreachable" | "unhelpful";
      readonly detail: string;
    };

export const serverText = (server: ServerAddress): string =>
  `${server.address.includes(":") ? `[${server.address}]` : server.address}${server.port === 53 ? "" : `:${server.port}`}`;

/** Asks until an answer is usable. Ends by itself: every address is tried a bounded number of times. */
export async function askZone(
  question: Question,
  zone: Delegation,
  context: ZoneContext,
  signal: AbortSignal,
): Promise<ZoneReply> {
  const race = new Race(question, zone, context, signal);
  return race.run();
}

interface Candidate {
  readonly server: ServerAddress;
  udp: number;
  tcp: number;
  /** Answered uselessly: not to be asked again for this question. */
  spent: boolean;
}

/** The state of one race. Everything that outlives a step is here, and `run` reads top to bottom. */
class Race {
  readonly #question: Question;
  readonly #zone: Delegation;
  readonly #context: ZoneContext;
  /** Over once there is a result, or the caller's patience is. */
  readonly #over: Ending;
  readonly #candidates = new Map<string, Candidate>();
  /** Tries and look-ups under way, and the steps they came to that nobody has looked at yet. */
  #running = 0;
  readonly #steps: Step[] = [];
  #wake = (): void => {};
  readonly #unresolved: NameServer[];
  #lookups = 0;
  #lastResort: { readonly response: Conclusive; readonly message: Message; readonly from: ServerAddress } | null = null;
  readonly #complaints: string[] = [];
  readonly #leftOut: string[] = [];
  #heard = false;

  constructor(question: Question, zone: Delegation, context: ZoneContext, signal: AbortSignal) {
    this.#question = question;
    this.#zone = zone;
    this.#context = context;
    this.#over = Ending.with(signal);
    for (const server of zone.servers) this.#addAddresses(server.addresses, server.port);
    this.#unresolved = [];
    for (const server of zone.servers) {
      if (server.addresses.length > 0) continue;
      const known = context.knownAddresses(server.name);
      if (known.length > 0) this.#addAddresses(known);
      else this.#unresolved.push(server);
    }
    shuffle(this.#unresolved, context);
  }

  async run(): Promise<ZoneReply> {
    try {
      return await this.#race();
    } finally {
      this.#over.abort();
    }
  }

  async #race(): Promise<ZoneReply> {
    let patience = this.#over.aborted ? null : this.#startNext();
    for (;;) {
      if (this.#over.aborted) return { kind: "failed", why: "aborted", detail: "no longer needed" };
      if (this.#running === 0 && this.#steps.length === 0) return this.#nobodyLeft();
      const step = await this.#nextStep(patience);
      if (this.#over.aborted) continue; // the step was the abort itself: nothing new is begun
      switch (step.kind) {
        case "patience over":
          patience = this.#startNext();
          break;
        case "won":
          return { kind: "answered", response: step.response, message: step.message, from: step.from };
        case "spent":
          return { kind: "failed", why: "spent", detail: "too many questions for one answer" };
        case "lost":
          this.#complaints.push(step.why);
          patience = this.#startNext();
          break;
        case "addresses":
          this.#addAddresses(step.addresses);
          if (step.addresses.length === 0) this.#complaints.push(`no address for ${step.name}`);
          if (!this.#askingAnyone()) patience = this.#startNext();
          break;
      }
    }
  }

  /** The next thing that happened, or that our patience ended. */
  async #nextStep(patienceMs: number | null): Promise<Step> {
    const ready = this.#steps.shift();
    if (ready !== undefined) return ready;
    const timer = new Ending();
    const happened = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    try {
      if (patienceMs === null) await happened;
      else await Promise.race([happened, this.#context.env.clock.sleep(patienceMs, timer.signal)]);
    } finally {
      timer.abort();
    }
    return this.#steps.shift() ?? { kind: "patience over" };
  }

  /** Starts one more try, and address look-ups while there are too few servers. Returns how long to wait for it; null: until something happens. */
  #startNext(): number | null {
    const next = this.#choose();
    if (next === null) {
      this.#startLookups();
      return null;
    }
    const { candidate, transport } = next;
    candidate[transport] += 1;
    this.#run(this.#try(candidate, transport));
    if (this.#candidates.size < 2) this.#startLookups();
    const health = this.#context.infra.health(candidate.server);
    return patienceMs(health, this.#context.sendTimeoutMs);
  }

  #choose(): { candidate: Candidate; transport: Transport } | null {
    const open = [...this.#candidates.values()].filter((candidate) => !candidate.spent);
    const { infra, env, sendsPerAddress, probesAtOnce } = this.#context;
    const ranked = (list: readonly Candidate[]): Candidate => {
      const [best] = rankServers(
        list.map((c) => c.server),
        this.#zone.zone,
        infra,
        env.clock.monotonicMs(),
        env.random,
      );
      return this.#candidates.get(serverText(best!))!;
    };
    const nowMs = env.clock.monotonicMs();
    const allowed = (candidate: Candidate, sends: number): number => {
      const health = infra.health(candidate.server);
      if (health === undefined || health.downUntil <= nowMs) return Math.min(sends, sendsPerAddress);
      // Has not answered for some time: a try shows whether it does again, and not everybody need find out (ATTACKS A-78).
      return health.inFlight < probesAtOnce ? 1 : 0;
    };
    // Two rounds of UDP, then one of TCP, each over all servers before the next begins; then what is left of UDP.
    for (const [transport, sends] of [
      ["udp", 1],
      ["udp", 2],
      ["tcp", 1],
      ["udp", sendsPerAddress],
    ] as const) {
      const fresh = open.filter((candidate) => candidate[transport] < allowed(candidate, sends));
      if (fresh.length > 0) return { candidate: ranked(fresh), transport };
    }
    return null;
  }

  async #try(candidate: Candidate, transport: Transport): Promise<Step> {
    const { server } = candidate;
    const zone = this.#zone;
    const signed = zone.ds !== null || zone.evidence.length === 0;
    const target = { server, transport, rd: zone.mode === "recursive", zone: zone.zone, signed };
    const reply = await askServer(this.#question, target, this.#context, this.#over);
    if (transport === "udp" && reply.kind !== "spent" && reply.transport === "tcp") candidate.tcp += 1;
    switch (reply.kind) {
      case "spent":
        return { kind: "spent" };
      case "silent":
        return { kind: "lost", why: `${serverText(server)} ${reply.why}` };
      case "message":
        return this.#read(reply, candidate);
    }
  }

  #read(reply: Extract<Reply, { readonly kind: "message" }>, candidate: Candidate): Step {
    const { message, transport, octets, rttMs } = reply;
    const { env, infra, limits } = this.#context;
    const { server } = candidate;
    this.#heard = true;
    const response = classifyResponse(message, this.#question, this.#zone, { ...limits, random: env.random }, env.emit);
    const meaning = response.kind === "useless" ? uselessText(response.why) : response.kind;
    env.emit({
      kind: "replied",
      question: this.#question,
      server,
      transport,
      rcode: message.rcode,
      octets,
      rttMs,
      meaning,
    });
    if (response.kind !== "useless") return { kind: "won", response, message, from: server };
    candidate.spent = true;
    if (response.why.kind === "lame") infra.lame(server, this.#zone.zone);
    if (response.why.kind === "recursive" || response.why.kind === "empty")
      this.#lastResort ??= { response: response.why.response, message, from: server };
    return { kind: "lost", why: `${serverText(server)} ${meaning}` };
  }

  #startLookups(): void {
    const { nsLookupsAtOnce, lookUpAddresses } = this.#context;
    while (this.#lookups < nsLookupsAtOnce) {
      const server = this.#unresolved.pop();
      if (server === undefined) return;
      this.#lookups += 1;
      const lookup = lookUpAddresses(server.name, this.#over, this.#zone).then((addresses): Step => {
        this.#lookups -= 1;
        return { kind: "addresses", addresses, name: server.name };
      });
      this.#run(lookup);
    }
  }

  #run(work: Promise<Step>): void {
    this.#running += 1;
    void work.then((step) => {
      this.#running -= 1;
      this.#steps.push(step);
      this.#wake();
    });
  }

  #askingAnyone(): boolean {
    return this.#running > this.#lookups;
  }

  #addAddresses(addresses: readonly string[], port = this.#zone.port): void {
    for (const address of addresses.slice(0, this.#context.limits.addressesPerNs)) {
      const server = { address, port };
      const key = serverText(server);
      if (this.#candidates.has(key) || this.#context.avoid.has(key)) continue;
      if (!this.#context.mayContact(server, this.#zone)) {
        this.#leftOut.push(`${key} is not to be asked`);
        continue;
      }
      this.#candidates.set(key, { server, udp: 0, tcp: 0, spent: false });
    }
  }

  #nobodyLeft(): ZoneReply {
    if (this.#lastResort !== null) return { kind: "answered", ...this.#lastResort };
    // What was tried says more than what was left out: a family that is off, private addresses.
    const detail = [...new Set([...this.#complaints, ...this.#leftOut])].slice(0, 6).join(", ");
    if (this.#candidates.size === 0)
      return { kind: "failed", why: "no servers", detail: detail || `no server of ${this.#zone.zone} has an address` };
    return { kind: "failed", why: this.#heard ? "unhelpful" : "unreachable", detail };
  }
}

type Step =
  | {
      readonly kind: "won";
      readonly response: Exclude<Classified, { kind: "useless" }>;
      readonly message: Message;
      readonly from: ServerAddress;
    }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "addresses"; readonly addresses: readonly string[]; readonly name: Name }
  | { readonly kind: "spent" | "patience over" };

function shuffle<T>(list: T[], context: AskContext): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = context.env.random.integer(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}
