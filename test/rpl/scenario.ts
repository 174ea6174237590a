/** What a `.rpl` file says, as values: the world, the steps, the expectations. Both dialects end in the same shapes. */
import type { Name } from "../../src/wire/name.ts";
import type { RRClass, RRType } from "../../src/wire/registry.ts";

export interface Scenario {
  readonly file: string;
  readonly title: string;
  readonly dialect: Dialect;
  readonly config: Config;
  /** In file order; the dialect decides in which order they are tried. */
  readonly ranges: readonly Range[];
  readonly steps: readonly Step[];
}

export type Dialect = "testbound" | "deckard";

export interface Config {
  /** Deckard's keys all stand in one clause named "deckard". */
  readonly clauses: readonly Clause[];
  /** RFC 5011 state files, by the zone they are named for. */
  readonly autotrust: readonly TextFile[];
  readonly temporary: readonly TextFile[];
}

export interface Clause {
  readonly name: string;
  readonly options: readonly ConfigOption[];
  readonly line: number;
}

export interface ConfigOption {
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

export interface TextFile {
  readonly id: string;
  readonly lines: readonly string[];
  readonly line: number;
}

export interface Range {
  readonly first: number;
  readonly last: number;
  /** Empty: every server. */
  readonly addresses: readonly string[];
  readonly entries: readonly Entry[];
  readonly line: number;
}

export type Step =
  | (At & { readonly kind: "query"; readonly client: string; readonly entry: Entry })
  | (At & { readonly kind: "check answer"; readonly entry: Entry })
  | (At & { readonly kind: "check out query"; readonly server: string | null; readonly entry: Entry })
  | (At & { readonly kind: "reply"; readonly entry: Entry })
  | (At & { readonly kind: "timeout" | "error" | "nothing" | "traffic" })
  | (At & { readonly kind: "time passes"; readonly by: TimeStep })
  | (At & { readonly kind: "assign"; readonly variable: string; readonly macro: string })
  | (At & {
      readonly kind: "check autotrust" | "check tempfile";
      readonly id: string;
      readonly lines: readonly string[];
    })
  | (At & { readonly kind: "infra rtt"; readonly server: string; readonly zone: Name; readonly rttMs: number })
  | (At & { readonly kind: "flush message" | "expire message"; readonly question: TemplateQuestion });

export interface At {
  readonly number: number;
  readonly line: number;
}

export type TimeStep =
  | { readonly kind: "elapse"; readonly seconds: number }
  | { readonly kind: "eval"; readonly macro: string };

/** A query that a client sends, a pattern for what comes back, or a template of a mock answer. */
export interface Entry {
  readonly line: number;
  readonly match: Match;
  readonly adjust: ReadonlySet<string>;
  /** A REPLY (or FLAGS) line was there: the header is meant. */
  readonly headerGiven: boolean;
  readonly opcode: number;
  /** As written: BADCOOKIE (23) appears as YXRRSET (7), its low four bits. */
  readonly rcode: number;
  readonly flags: ReadonlySet<HeaderFlag>;
  /** Null: no OPT record is written in the file. */
  readonly edns: TemplateEdns | null;
  readonly question: readonly TemplateQuestion[];
  readonly answer: readonly TemplateRecord[];
  readonly authority: readonly TemplateRecord[];
  readonly additional: readonly TemplateRecord[];
  /** HEX_ANSWER or RAW: these octets instead of the sections. */
  readonly octets: Uint8Array | null;
  readonly mandatory: boolean;
}

export type HeaderFlag = "QR" | "AA" | "TC" | "RD" | "RA" | "AD" | "CD";

export interface TemplateEdns {
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
  /** The options as octets, code and length included. */
  readonly options: Uint8Array;
}

export interface Match {
  readonly words: ReadonlySet<string>;
  readonly ede: number | "any" | null;
  readonly serial: number | null;
}

export interface TemplateQuestion {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
}

export interface TemplateRecord extends TemplateQuestion {
  readonly ttl: number;
  /** As the file wants it, well-formed or not. */
  readonly rdata: Uint8Array;
  readonly line: number;
}

/** A fault of the file; the message begins with file and line. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
  }
}
