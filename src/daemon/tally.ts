/** What one process counts beside the page's counts: plain numbers by label, so that those of several can be added up. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { algorithmToText } from "../crypto/algorithms.ts";
import type { CryptoEngine } from "../crypto/engine.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Unserved } from "../server/listeners.ts";
import type { ClientTransport, ServerEvent } from "../server/responder.ts";
import { type RRType, rcodeToText, typeToText } from "../wire/registry.ts";

/** By family and label values, "answers udp TLSA NOERROR". */
export type Tallied = Readonly<Record<string, number>>;

/** Types beyond these are counted together: whoever asks for 65,536 types must not fill the memory of a monitor. */
const namedTypes = new Set([1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 43, 44, 48, 52, 53, 64, 65, 255, 257]);

const OTHER = 65536;
/** An rcode with EDNS has twelve bits. */
const RCODES = 4096;

export class Tally {
  readonly #numbers = new Map<string, number>();
  readonly #answerKeys: Readonly<Record<ClientTransport, Map<number, string>>> = {
    udp: new Map(),
    tcp: new Map(),
    tls: new Map(),
    https: new Map(),
  };
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    this.#delay.enable();
  }

  readonly onServer = (event: ServerEvent): void => {
    switch (event.kind) {
      case "answered": {
        const { rcode, question } = event.reply;
        this.add(this.#answerKey(event.from.transport, question[0]?.type ?? 0, rcode));
        return;
      }
      case "unreadable":
        this.add("unreadable");
        return;
      case "dropped":
        this.add("dropped");
        return;
      case "turned away":
        this.add(`turned-away ${event.why}`);
        return;
      case "fault":
        this.add("faults");
        return;
    }
  };

  readonly onUnserved = (why: Unserved): void => this.add(`turned-away ${why}`);

  /** An engine that does the same, and is counted. */
  counted(engine: CryptoEngine): CryptoEngine {
    const keyOf = (result: string) =>
      new Map([...engine.algorithms].map((number) => [number, `signatures ${algorithmToText(number)} ${result}`]));
    const keys = { right: keyOf("right"), wrong: keyOf("wrong") };
    return {
      name: engine.name,
      algorithms: engine.algorithms,
      digests: engine.digests,
      importKey: (algorithm, publicKey) => engine.importKey(algorithm, publicKey),
      digest: (type, data) => engine.digest(type, data),
      nsec3Hash: (name, salt, iterations) => engine.nsec3Hash(name, salt, iterations),
      verify: (key, data, signature) => {
        const isRight = engine.verify(key, data, signature);
        this.add(keys[isRight ? "right" : "wrong"].get(key.algorithm)!);
        return isRight;
      },
    };
  }

  readonly onResolution = (event: ResolutionEvent): void => {
    if (event.kind === "limit") this.add(`limits ${event.limit}`);
    else if (event.kind === "replied") this.add(`upstream-replies ${event.transport} ${rcodeToText(event.rcode)}`);
    else if (event.kind === "asked") this.add(`upstream-questions ${event.transport}`);
    else if (event.kind === "no reply") this.add(`upstream-silent ${event.transport}`);
    else if (event.kind === "judged") this.add(`judged ${event.status}`);
  };

  /** Making and hashing it anew for every answer is most of the counting. */
  #answerKey(transport: ClientTransport, type: RRType, rcode: number): string {
    const named = namedTypes.has(type) ? type : OTHER;
    const place = named * RCODES + rcode;
    let key = this.#answerKeys[transport].get(place);
    if (key === undefined) {
      key = `answers ${transport} ${named === OTHER ? "other" : typeToText(named)} ${rcodeToText(rcode)}`;
      this.#answerKeys[transport].set(place, key);
    }
    return key;
  }

  add(key: string): void {
    this.#numbers.set(key, (this.#numbers.get(key) ?? 0) + 1);
  }

  read(): Tallied {
    return Object.fromEntries(this.#numbers);
  }

  /** Milliseconds, the 99th percentile since it was last asked for. */
  eventLoopDelayMs(): number {
    const ms = this.#delay.percentile(99) / 1e6;
    this.#delay.reset();
    return Number.isFinite(ms) ? ms : 0;
  }

  close(): void {
    this.#delay.disable();
  }
}

export function sumOf(all: readonly Tallied[]): Tallied {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [key, value] of Object.entries(one)) sum[key] = (sum[key] ?? 0) + value;
  return sum;
}
