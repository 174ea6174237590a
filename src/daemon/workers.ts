/**
 * Several processes that answer on the same addresses. The primary opens the sockets (node:cluster), hands the workers what
 * is trusted, starts again who dies, and asks all of them what an operator wants to know. It answers no client itself.
 */
import cluster, { type Worker } from "node:cluster";
import process from "node:process";
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import type { Clock } from "../env/env.ts";
import type { ListenAddress } from "../server/listeners.ts";
import { Name } from "../wire/name.ts";
import type { Command, PlainAnchor, Told } from "./commands.ts";
import type { Log } from "./log.ts";

/** From the primary. */
export type ToWorker =
  | {
      readonly to: "start";
      readonly worker: number;
      readonly anchors: readonly PlainAnchor[];
      readonly inherited: readonly ListenAddress[] | null;
    }
  | { readonly to: "command"; readonly id: number; readonly command: Command }
  | { readonly to: "anchors"; readonly anchors: readonly PlainAnchor[] }
  | { readonly to: "stop" };

/** From a worker. */
export type FromWorker =
  | { readonly from: "online" }
  | { readonly from: "ready"; readonly listening: string }
  /** It cannot start, for a reason that lies outside of it: a file, an address. */
  | { readonly from: "failed"; readonly why: string; readonly code: number }
  | { readonly from: "told"; readonly id: number; readonly told: Told };

const COMMAND_MS = 10_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MOST_MS = 10_000;
/** A worker that lived so long did not fail to start. */
const HEALTHY_MS = 30_000;
/** Deaths in a row, each soon after its start, after which the daemon gives up. */
const DEATHS = 10;
/** Between attempts to start a worker beside others that serve, while what it needs is not there. */
const UNABLE_MS = 2_000;
const STOP_MS = 5_000;

export interface PoolParts {
  readonly workers: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What is trusted now. */
  readonly anchors: () => readonly TrustAnchor[];
  /** Descriptors of the primary. */
  readonly inherited: readonly ListenAddress[] | null;
}

interface Member {
  readonly number: number;
  readonly process: Worker;
  readonly sinceMs: number;
  readonly waiting: Map<number, (told: Told) => void>;
  state: "starting" | "serving" | "unable";
}

/** Why it ended, and with which exit code. */
export interface Ended {
  readonly why: string;
  readonly code: number;
}

export class WorkerPool {
  readonly #parts: PoolParts;
  readonly #members = new Map<number, Member>();
  readonly #ended: Promise<Ended>;
  #end: (ended: Ended) => void = () => {};
  #nextId = 1;
  #deaths = 0;
  #stopping = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    cluster.setupPrimary({ serialization: "advanced" });
  }

  /** Settles when a worker cannot start and no other one serves, or when workers die again and again. */
  get ended(): Promise<Ended> {
    return this.#ended;
  }

  /** The words of a worker's line that says ready; or why none will. */
  async start(): Promise<string | Ended> {
    const all = Array.from({ length: this.#parts.workers }, (_, i) => this.#fork(i + 1));
    return await Promise.race([this.#ended, Promise.all(all).then(([listening]) => listening!)]);
  }

  /** Those that do not answer in time are left out, and told. */
  async tell(command: Command): Promise<readonly Told[]> {
    const asked = [...this.#members.values()].map((member) => this.#ask(member, command));
    return await Promise.all(asked);
  }

  useAnchors(anchors: readonly TrustAnchor[]): void {
    for (const member of this.#members.values()) send(member, { to: "anchors", anchors: anchors.map(plainAnchor) });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const gone = [...this.#members.values()].map(
      (member) => new Promise<void>((resolve) => member.process.once("exit", () => resolve())),
    );
    for (const member of this.#members.values()) send(member, { to: "stop" });
    const patience = new AbortController();
    await Promise.race([Promise.all(gone), this.#parts.clock.sleep(STOP_MS, patience.signal)]);
    patience.abort();
    for (const member of this.#members.values()) member.process.process.kill("SIGKILL");
  }

  #fork(number: number): Promise<string> {
    const { clock, log, anchors, inherited } = this.#parts;
    const child = cluster.fork();
    const member: Member = {
      number,
      process: child,
      sinceMs: clock.monotonicMs(),
      waiting: new Map(),
      state: "starting",
    };
    this.#members.set(number, member);
    return new Promise((ready) => {
      child.on("error", (error) => {
        // Who cannot start or is told to stop may be gone already, and its end of the pipe with it.
        if (!this.#stopping) log.error(`worker ${number}: ${error.message}`);
      });
      child.on("message", (message: FromWorker) => {
        switch (message.from) {
          case "online":
            send(member, { to: "start", worker: number, anchors: anchors().map(plainAnchor), inherited });
            return;
          case "ready":
            member.state = "serving";
            ready(message.listening);
            return;
          case "failed":
            member.state = "unable";
            if ([...this.#members.values()].some(({ state }) => state === "serving")) {
              log.error(`worker ${number} cannot start: ${message.why}`);
              send(member, { to: "stop" });
              return;
            }
            this.#stopping = true; // nobody is started again
            this.#end({ why: message.why, code: message.code });
            return;
          case "told":
            member.waiting.get(message.id)?.(message.told);
            return;
        }
      });
      child.once("exit", (code, signal) => this.#died(member, signal ?? `exit code ${code}`));
    });
  }

  #died(member: Member, how: string): void {
    const { clock, log } = this.#parts;
    const { number } = member;
    if (this.#members.get(number) === member) this.#members.delete(number);
    for (const answer of member.waiting.values()) answer({ do: "refused", why: `worker ${number} died` });
    if (this.#stopping) return;
    if (member.state === "unable") {
      void this.#forkAfter(UNABLE_MS, number);
      return;
    }
    const livedMs = clock.monotonicMs() - member.sinceMs;
    this.#deaths = livedMs < HEALTHY_MS ? this.#deaths + 1 : 1;
    if (this.#deaths >= DEATHS) {
      this.#end({ why: `${DEATHS} workers died soon after their start, the last one by ${how}`, code: 1 });
      return;
    }
    const waitMs = this.#deaths === 1 ? 0 : Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** (this.#deaths - 2));
    log.error(
      `worker ${number} (process ${member.process.process.pid}) died by ${how}: another one starts${waitMs === 0 ? "" : ` in ${waitMs} ms`}`,
      {
        event: "worker died",
        died: number,
        how,
      },
    );
    void this.#forkAfter(waitMs, number);
  }

  async #forkAfter(waitMs: number, number: number): Promise<void> {
    await this.#parts.clock.sleep(waitMs);
    if (!this.#stopping) await this.#fork(number);
  }

  #ask(member: Member, command: Command): Promise<Told> {
    const id = this.#nextId++;
    const { clock } = this.#parts;
    const patience = new AbortController();
    const told = new Promise<Told>((resolve) => member.waiting.set(id, resolve));
    const late = clock
      .sleep(COMMAND_MS, patience.signal)
      .then((): Told => ({ do: "refused", why: `worker ${member.number} did not answer in ${COMMAND_MS} ms` }));
    send(member, { to: "command", id, command });
    return Promise.race([told, late]).finally(() => {
      patience.abort();
      member.waiting.delete(id);
    });
  }
}

function send(member: Member, message: ToWorker): void {
  if (member.process.isConnected()) member.process.send(message, () => {});
}

/** What a worker hears, and how it answers. */
export interface Primary {
  hear(listener: (message: ToWorker) => void): void;
  send(message: FromWorker): void;
  /** The primary is gone: a worker alone would answer with nobody to manage it. */
  onGone(listener: () => void): void;
}

/** Null: this process is no worker. */
export function primaryOfThisWorker(): Primary | null {
  if (!cluster.isWorker) return null;
  return {
    hear: (listener) => void process.on("message", listener),
    send: (message) => void process.send?.(message),
    onGone: (listener) => void process.once("disconnect", listener),
  };
}

function plainAnchor(anchor: TrustAnchor): PlainAnchor {
  return { ...anchor, zone: `${anchor.zone}` };
}

export function anchorFromPlain(anchor: PlainAnchor): TrustAnchor {
  return { ...anchor, zone: Name.parse(anchor.zone) };
}
