/** What all processes counted, for Prometheus; prom-client writes it in Prometheus' form. */
import { type Metric, Registry } from "prom-client";
import { mergeCounts } from "../page/fold.ts";
import type { Histogram } from "../page/status.ts";
import type { Unserved } from "../server/listeners.ts";
import type { TurnedAway } from "../server/responder.ts";
import type { WorkerStatus } from "./commands.ts";
import { packageVersion } from "./package.ts";
import { sumOf } from "./tally.ts";

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Of a histogram: `_bucket`, `_sum`, `_count` behind the family's name. */
  readonly metricName?: string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly Sample[];
}

const turnedAway: Readonly<Record<Exclude<TurnedAway | Unserved, Crowding>, true>> = {
  "access refused": true,
  "access dropped": true,
  "cookie refused": true,
  "rate dropped": true,
  "rate truncated": true,
  "rate failed": true,
  "waiting failed": true,
  "repeated dropped": true,
  "late dropped": true,
};

type Crowding = Extract<Unserved, `connections ${string}` | `handshakes ${string}`>;
const crowded: Readonly<Record<Crowding, true>> = {
  "connections refused": true,
  "connections replaced": true,
  "handshakes refused": true,
  "handshakes replaced": true,
};

/** Names and labels stay as they are from version to version. */
export async function metricsText(statuses: readonly WorkerStatus[]): Promise<string> {
  const registry = new Registry();
  for (const family of familiesOf(statuses)) {
    // prom-client's own classes count one event at a time; here all is counted already.
    const metric = { name: family.name, get: async () => ({ ...family, aggregator: "sum" }) };
    registry.registerMetric(metric as unknown as Metric);
  }
  return await registry.metrics();
}

function familiesOf(statuses: readonly WorkerStatus[]): readonly Family[] {
  const counts = mergeCounts(statuses.map((status) => status.counts));
  const tallied = sumOf(statuses.map((status) => status.tallied));
  const counter = (name: string, help: string, values: readonly Sample[]): Family => ({
    name: `rootwalk_${name}`,
    help,
    type: "counter",
    values,
  });
  const gauge = (name: string, help: string, values: readonly Sample[]): Family => ({
    name: `rootwalk_${name}`,
    help,
    type: "gauge",
    values,
  });
  const labelled = (family: string, names: readonly string[]): Sample[] =>
    Object.entries(tallied)
      .filter(([key]) => key.startsWith(`${family} `))
      .map(([key, value]) => {
        const words = key.slice(family.length + 1).split(" ");
        const rest = [...words.slice(0, names.length - 1), words.slice(names.length - 1).join(" ")];
        return { value, labels: Object.fromEntries(names.map((name, i) => [name, rest[i] ?? ""])) };
      });
  /** From 0 on, so that a monitor sees the first one as well. */
  const known = <T extends string>(family: string, keys: Readonly<Record<T, true>>, names: readonly [string, string]) =>
    Object.keys(keys).map((key): Sample => {
      const [first = "", second = ""] = key.split(" ");
      return { value: tallied[`${family} ${key}`] ?? 0, labels: { [names[0]]: first, [names[1]]: second } };
    });
  const perWorker = (of: (status: WorkerStatus) => number): Sample[] =>
    statuses.map((status) => ({ value: of(status), labels: { worker: status.worker } }));
  return [
    gauge("info", "the version", [{ value: 1, labels: { version: packageVersion() } }]),
    gauge("workers", "processes that answer", [{ value: statuses.length }]),
    counter("replies_total", "replies to clients", labelled("answers", ["transport", "type", "rcode"])),
    counter(
      "answers_total",
      "answers by what was proven of them",
      Object.entries(counts.outcomes).map(([status, value]) => ({ value, labels: { status } })),
    ),
    counter("answers_from_cache_total", "answers for which nobody had to be asked", [{ value: counts.fromCache }]),
    latencyOf(counts.latency),
    counter("unreadable_total", "messages of clients that are no question", [{ value: tallied["unreadable"] ?? 0 }]),
    counter("dropped_total", "messages of clients that were not answered", [{ value: tallied["dropped"] ?? 0 }]),
    counter(
      "turned_away_total",
      "messages of clients that were not served, why, and what became of them",
      known("turned-away", turnedAway, ["reason", "how"]),
    ),
    counter(
      "connections_turned_away_total",
      "connections that found no room, or made room for a newer one while they were idle",
      known("turned-away", crowded, ["bound", "how"]),
    ),
    counter("faults_total", "mistakes of the program; each client got SERVFAIL", [{ value: tallied["faults"] ?? 0 }]),
    counter("limits_total", "questions that met a limit", labelled("limits", ["limit"])),
    counter("judged_total", "links of answers that were judged", labelled("judged", ["status"])),
    counter(
      "signatures_checked_total",
      "signatures that were computed, by DNSKEY algorithm and result",
      labelled("signatures", ["algorithm", "result"]),
    ),
    counter("upstream_questions_total", "questions to name servers", labelled("upstream-questions", ["transport"])),
    counter("upstream_replies_total", "their replies", labelled("upstream-replies", ["transport", "rcode"])),
    counter("upstream_silent_total", "those that did not reply in time", labelled("upstream-silent", ["transport"])),
    gauge(
      "connections",
      "TCP connections of clients, TLS and HTTPS among them",
      perWorker(({ connections }) => connections),
    ),
    gauge(
      "cached_answers",
      "answers in the caches",
      perWorker(({ sizes }) => sizes.answers),
    ),
    gauge(
      "cache_octets",
      "octets of answers in the caches",
      perWorker(({ sizes }) => sizes.answerOctets),
    ),
    gauge(
      "cached_delegations",
      "delegations in the caches",
      perWorker(({ sizes }) => sizes.delegations),
    ),
    gauge(
      "cached_zones",
      "zones whose trust is known",
      perWorker(({ sizes }) => sizes.zones),
    ),
    gauge(
      "cached_failures",
      "failures that are remembered",
      perWorker(({ sizes }) => sizes.failures),
    ),
    gauge(
      "resident_octets",
      "memory of the process",
      perWorker(({ residentOctets }) => residentOctets),
    ),
    gauge(
      "heap_octets",
      "memory that JavaScript uses",
      perWorker(({ heapOctets }) => heapOctets),
    ),
    gauge(
      "event_loop_delay_seconds",
      "99th percentile since the last look",
      perWorker(({ eventLoopDelayMs }) => eventLoopDelayMs / 1000),
    ),
    gauge(
      "root_secure",
      "1 if . NS was proven lately",
      perWorker((status) => (isReady([status]) ? 1 : 0)),
    ),
  ];
}

function latencyOf({ boundsMs, counts, sumMs }: Histogram): Family {
  const name = "rootwalk_answer_seconds";
  const values: Sample[] = [];
  let sum = 0;
  boundsMs.forEach((bound, i) => {
    sum += counts[i] ?? 0;
    values.push({ metricName: `${name}_bucket`, labels: { le: bound / 1000 }, value: sum });
  });
  sum += counts[boundsMs.length] ?? 0;
  values.push({ metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: sum });
  values.push({ metricName: `${name}_sum`, value: sumMs / 1000 });
  values.push({ metricName: `${name}_count`, value: sum });
  return { name, help: "from question to answer", type: "histogram", values };
}

/** As Postfix probes: `. NS`, proven within this time. */
const READY_SECONDS = 300;

export function isReady(statuses: readonly WorkerStatus[]): boolean {
  return statuses.some(({ rootSecureSecondsAgo: ago }) => ago !== null && ago <= READY_SECONDS);
}
