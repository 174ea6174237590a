/**
 * MTA-STS as a sender: which policy applies to a domain now. It is found by a TXT RR, fetched over HTTPS, kept for as long as
 * it says, and no loss of DNS or of the web server takes it away before. RFC 8461 §3, §5.1, §10.2.
 */
import type { Told } from "../dane/codes.ts";
import { told } from "../dane/codes.ts";
import { hostText } from "../dane/host-names.ts";
import { type Asker, ask, whySilent } from "../dane/lookups.ts";
import { manyListeners, OVER } from "../env/abort.ts";
import type { Clock, Random, UnixSeconds } from "../env/env.ts";
import { systemClock, systemRandom } from "../env/system.ts";
import { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { FetchedPolicy, PolicyFetch } from "./sts-fetch.ts";
import { parseStsPolicy, parseStsRecord, type StsPolicy } from "./sts-policy.ts";
import { expiryOf, type KeptPolicy, noStore, type StsStore } from "./sts-store.ts";
import { textsIn } from "./versioned-txt.ts";

export type StsState =
  | {
      readonly kind: "policy";
      readonly policy: StsPolicy & { readonly mode: "enforce" | "testing" };
      /** The domain, without final dot: the Policy Domain of reports. */
      readonly domain: string;
      readonly reason: string;
      /** What went wrong when it was to be renewed, for reports; it applies all the same. */
      readonly problem: Told | null;
      /** After this moment, ask again. */
      readonly expires: UnixSeconds;
    }
  /** The domain has none, or withdrew it (mode none), or none could be had. RFC 8461 §3.3: as if it had not implemented it. */
  | {
      readonly kind: "none";
      readonly domain: string;
      readonly reason: string;
      readonly problem: Told | null;
      readonly expires: UnixSeconds;
    }
  /** Whether there is one could not be found out, and none is remembered. */
  | { readonly kind: "unknown"; readonly domain: string; readonly reason: string; readonly expires: UnixSeconds };

export interface StsOptions {
  readonly resolver: Asker;
  /** `httpsPolicyFetch({ lookup })` */
  readonly fetch: PolicyFetch;
  /** `stsFolder(path)`; default: policies are forgotten with the process, which lets an attacker begin anew. */
  readonly store?: StsStore;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Hears what an administrator should see: policies that could not be renewed or kept. RFC 8461 §3.3, §5.1. */
  readonly alert?: (domain: string, problem: string) => void;
  readonly limits?: Partial<StsLimits>;
}

export interface StsLimits {
  /** Policies kept; the one that was not needed for the longest time makes room. */
  readonly policies: number;
  /** Their texts together: who has many domains must not have all of our memory. */
  readonly octets: number;
  /** A fetch may take this many seconds. RFC 8461 §3.3. */
  readonly fetchSeconds: number;
  /** After a fetch that failed, the same policy is not asked for again for this many seconds. RFC 8461 §3.3. */
  readonly pauseSeconds: number;
  /** Policies are renewed when they are this many seconds old, or half as old as they may get. RFC 8461 §3.3: once a day. */
  readonly renewSeconds: number;
}

const defaults: StsLimits = {
  policies: 20_000,
  octets: 32 << 20,
  fetchSeconds: 60,
  pauseSeconds: 300,
  renewSeconds: 86_400,
};

export interface Sts {
  /** Never rejects for what the network does. TypeError for a domain that is none. */
  policyFor(domain: Name | string, options?: { readonly signal?: AbortSignal }): Promise<StsState>;
  /** Renews what is due, and drops what has expired; resolves when done. */
  renew(): Promise<void>;
  /** `renew` every hour or so, until `close`: protects domains that get mail rarely. RFC 8461 §10.2. */
  keepFresh(): Promise<void>;
  /** Ends all work. Idempotent. */
  close(): Promise<void>;
}

type Found = { readonly kind: "id"; readonly id: string } | { readonly kind: "none" | "lost"; readonly reason: string };

interface Failure {
  readonly id: string;
  readonly until: UnixSeconds;
  readonly problem: Told;
}

const ROUND_SECONDS = 3600;
const AT_ONCE = 4;

export function createSts({
  resolver,
  fetch,
  store = noStore,
  clock = systemClock,
  random = systemRandom,
  alert = () => {},
  ...options
}: StsOptions): Sts {
  const limits = { ...defaults, ...options.limits };
  /** The least recently needed first. */
  const kept = new Map<string, KeptPolicy>();
  let octets = 0;
  const failures = new Map<string, Failure>();
  const flights = new Map<string, Promise<Told | null>>();
  const closing = manyListeners();
  let loading: Promise<void> | null = null;

  const now = (): UnixSeconds => clock.unixSeconds();

  async function load(): Promise<void> {
    try {
      for (const each of await store.load(limits.policies)) if (!kept.has(each.domain)) put(each);
    } catch (error) {
      alert("", `kept MTA-STS policies cannot be read: ${(error as Error).message}`);
    }
  }

  function put(entry: KeptPolicy): void {
    drop(entry.domain);
    kept.set(entry.domain, entry);
    octets += octetsOf(entry);
  }

  function drop(domain: string): void {
    const entry = kept.get(domain);
    if (entry !== undefined) octets -= octetsOf(entry);
    kept.delete(domain);
  }

  /** What still must be applied. */
  function current(domain: string): KeptPolicy | null {
    const entry = kept.get(domain);
    if (entry === undefined || now() >= expiryOf(entry, now())) return null;
    put(entry);
    return entry;
  }

  /** A withdrawal need not be renewed: when it is forgotten, nothing is lost. */
  function isDue(entry: KeptPolicy): boolean {
    if (entry.policy.mode === "none") return false;
    return now() - entry.fetchedAt >= Math.min(limits.renewSeconds, entry.policy.maxAge / 2);
  }

  /** Null: fetched and kept. One fetch for all who want the same. */
  function fetched(domain: string, id: string): Promise<Told | null> {
    const failed = failures.get(domain);
    if (failed !== undefined && failed.id === id && now() < failed.until) return Promise.resolve(failed.problem);
    const key = `${domain} ${id}`;
    const running = flights.get(key);
    if (running !== undefined) return running;
    const flight = fetchOnce(domain, id).finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  async function fetchOnce(domain: string, id: string): Promise<Told | null> {
    const problem = await attempt(domain, id);
    if (problem === null) failures.delete(domain);
    else if (!closing.signal.aborted) {
      remember(failures, domain, { id, until: now() + limits.pauseSeconds, problem });
      if (kept.get(domain)?.policy.mode !== "none") alert(domain, problem.reason);
    }
    return problem;
  }

  async function attempt(domain: string, id: string): Promise<Told | null> {
    const outcome = await inTime(domain);
    if (outcome.kind !== "text")
      return told(
        outcome.kind === "untrusted" ? "sts policy host not trusted" : "sts policy not fetched",
        outcome.reason,
      );
    const parsed = parseStsPolicy(outcome.text);
    if (parsed.kind === "invalid")
      return told("sts policy invalid", `the MTA-STS policy of ${domain}: ${parsed.reason}`);
    await keep({ domain, id, fetchedAt: now(), policy: parsed.policy });
    return null;
  }

  /** The fetch has limits of its own; an injected one may not. */
  async function inTime(domain: string): Promise<FetchedPolicy> {
    if (closing.signal.aborted) return { kind: "failed", reason: "no MTA-STS policies are fetched after close" };
    const giveUp = new AbortController();
    const stop = (): void => giveUp.abort(OVER);
    closing.signal.addEventListener("abort", stop);
    try {
      const late = clock.sleep(limits.fetchSeconds * 1000, giveUp.signal).then(
        (): FetchedPolicy => ({
          kind: "failed",
          reason: `the MTA-STS policy of ${domain} was not there after ${limits.fetchSeconds} s`,
        }),
      );
      return await Promise.race([fetch(domain, giveUp.signal), late]);
    } catch (error) {
      return { kind: "failed", reason: `the MTA-STS policy of ${domain}: ${(error as Error).message}` };
    } finally {
      closing.signal.removeEventListener("abort", stop);
      giveUp.abort(OVER);
    }
  }

  async function keep(entry: KeptPolicy): Promise<void> {
    put(entry);
    try {
      while (kept.size > 1 && (kept.size > limits.policies || octets > limits.octets))
        await forget(kept.keys().next().value!);
      await store.save(entry);
    } catch (error) {
      alert(entry.domain, `the MTA-STS policy of ${entry.domain} cannot be kept: ${(error as Error).message}`);
    }
  }

  async function forget(domain: string): Promise<void> {
    drop(domain);
    await store.remove(domain);
  }

  async function policyFor(name: Name | string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<StsState> {
    const policyDomain = typeof name === "string" ? Name.parse(name) : name;
    const domain = hostText(policyDomain);
    const owner = policyDomain.child("_mta-sts");
    if (domain === null || owner === null || domain.length > 253 - "mta-sts.".length) {
      const reason = `${policyDomain} is no name that could have an MTA-STS policy`;
      return { kind: "none", domain: `${policyDomain}`, reason, problem: null, expires: Number.POSITIVE_INFINITY };
    }
    loading ??= load();
    await loading;
    const patience = signal === undefined ? { clock } : { clock, signal };
    const { answer, expires } = await ask(resolver, [owner, TYPE.TXT], patience);
    const silent = whySilent(answer);
    const record = silent === null ? parseStsRecord(textsIn(answer)) : null;
    const found: Found =
      record === null
        ? { kind: "lost", reason: silent! }
        : record.kind === "record"
          ? { kind: "id", id: record.id }
          : { kind: "none", reason: record.reason };
    const known = current(domain);
    const problem = await renewed(domain, { found, known, signal });
    return stateOf(domain, { found, problem, expires });
  }

  interface Knowing {
    readonly found: Found;
    readonly known: KeptPolicy | null;
    readonly signal: AbortSignal | undefined;
  }

  /** Fetches what is new and is waited for; what is only old is fetched behind the scenes. */
  async function renewed(domain: string, { found, known, signal }: Knowing): Promise<Told | null> {
    if (found.kind === "id" && found.id !== known?.id) return patiently(fetched(domain, found.id), domain, signal);
    if (known !== null && isDue(known)) void fetched(domain, known.id);
    const failed = failures.get(domain);
    return known !== null && failed?.id === known.id ? failed.problem : null;
  }

  function stateOf(
    domain: string,
    {
      found,
      problem,
      expires,
    }: { readonly found: Found; readonly problem: Told | null; readonly expires: UnixSeconds },
  ): StsState {
    // A policy with max_age 0 applies to the mail for which it was fetched, and to no other.
    const fresh = found.kind === "id" && problem === null ? kept.get(domain) : undefined;
    const entry = current(domain) ?? (fresh?.id === (found.kind === "id" ? found.id : null) ? fresh : undefined);
    if (entry === undefined) {
      if (found.kind === "lost") return { kind: "unknown", domain, reason: found.reason, expires };
      const reason = problem?.reason ?? (found.kind === "none" ? found.reason : `no MTA-STS policy of ${domain}`);
      return { kind: "none", domain, reason, problem, expires };
    }
    const { policy, id } = entry;
    const until = Math.min(expires, Math.max(expiryOf(entry, now()), now()));
    const { mode } = policy;
    const what = `the MTA-STS policy of ${domain} (id ${id}) has mode ${mode}`;
    const reason = problem === null ? what : `${what}, and could not be renewed: ${problem.reason}`;
    if (mode === "none") return { kind: "none", domain, reason, problem: null, expires: until };
    return { kind: "policy", domain, policy: { ...policy, mode }, reason, problem, expires: until };
  }

  async function renew(): Promise<void> {
    loading ??= load();
    await loading;
    const entries = [...kept.values()];
    for (const { domain } of entries.filter((entry) => expiryOf(entry, now()) <= now())) await forgetQuietly(domain);
    const due = entries.filter((entry) => kept.get(entry.domain) === entry && isDue(entry));
    const worker = async (): Promise<void> => {
      for (let next = due.pop(); next !== undefined && !closing.signal.aborted; next = due.pop())
        await fetched(next.domain, next.id);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async function forgetQuietly(domain: string): Promise<void> {
    try {
      await forget(domain);
    } catch (error) {
      alert(domain, `an expired MTA-STS policy cannot be removed: ${(error as Error).message}`);
    }
  }

  return {
    policyFor,
    renew,
    async keepFresh() {
      while (!closing.signal.aborted) {
        // Not all senders of the world at the same minute.
        const ms = (ROUND_SECONDS + random.integer(ROUND_SECONDS)) * 1000;
        await (clock.doze ?? clock.sleep)(ms, closing.signal);
        if (!closing.signal.aborted) await renew();
      }
    },
    async close() {
      closing.abort(OVER);
      await Promise.allSettled(flights.values());
    },
  };
}

/** Each octet of a text is held about twice: as lines and as hosts. */
function octetsOf({ policy }: KeptPolicy): number {
  return 200 + 2 * policy.lines.reduce((sum, { length }) => sum + length, 0);
}

/** The caller's patience ends the waiting, not the fetch: others may wait for it. */
function patiently(
  flight: Promise<Told | null>,
  domain: string,
  signal: AbortSignal | undefined,
): Promise<Told | null> {
  if (signal === undefined) return flight;
  const aborted = (): Told =>
    told("sts policy not fetched", `the MTA-STS policy of ${domain} was not waited for any longer`);
  if (signal.aborted) return Promise.resolve(aborted());
  return new Promise((resolve) => {
    const stop = (): void => resolve(aborted());
    signal.addEventListener("abort", stop, { once: true });
    void flight.then((outcome) => {
      signal.removeEventListener("abort", stop);
      resolve(outcome);
    });
  });
}

/** As many as there could be attackers' names: the oldest goes first. */
const FAILURES = 10_000;

function remember(failures: Map<string, Failure>, domain: string, failure: Failure): void {
  failures.delete(domain);
  failures.set(domain, failure);
  if (failures.size > FAILURES) failures.delete(failures.keys().next().value!);
}
