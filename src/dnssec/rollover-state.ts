/**
 * RFC 5011 state as text, one line a fact, so that revocations and hold-down times survive a restart. The last line counts
 * the others: a file that was cut off is refused as a whole, and the caller goes on with its configured anchors.
 */
import { Name } from "../wire/name.ts";
import type { Dnskey, Ds } from "../wire/rdata.ts";
import { dateText } from "./proof.ts";
import type { AnchorState, KeyState, TrackedKey } from "./rollover.ts";
import { AnchorError } from "./trust-anchor.ts";

const TITLE = "; rootwalk trust anchor state 1";

/** The end of the year 9999, in seconds: what lies beyond cannot be written as a date. */
const LATEST = 253_402_300_799;

/** "start" are keys that were trusted once, and then missed for too long. */
const states: readonly KeyState[] = ["start", "addpend", "valid", "missing", "revoked", "removed"];

export function stateToText(state: AnchorState): string {
  const lines = [`zone ${state.zone}`];
  if (state.last !== null) {
    const { at, originalTtl, validUntil } = state.last;
    lines.push(`seen ${Math.floor(at)} ${originalTtl} ${Math.floor(validUntil)} ; ${dateText(at)}`);
  }
  for (const ds of state.ds) {
    lines.push(`ds ${ds.keyTag} ${ds.algorithm} ${ds.digestType} ${Buffer.from(ds.digest).toString("hex")}`);
  }
  for (const { dnskey, state: at, since, due, vouchers } of state.keys) {
    const key = `${dnskey.flags} ${dnskey.protocol} ${dnskey.algorithm} ${Buffer.from(dnskey.publicKey).toString("base64")}`;
    const until = due === null ? "-" : String(Math.floor(due));
    const by = vouchers.length === 0 ? "-" : vouchers.join(",");
    lines.push(`key ${at} ${Math.floor(since)} ${until} ${by} ${key} ; since ${dateText(since)}`);
  }
  return `${[TITLE, ...lines, `end ${lines.length}`].join("\n")}\n`;
}

/** Throws AnchorError for anything but what `stateToText` writes. */
export function stateFromText(text: string, source: string): AnchorState {
  const [title, ...lines] = text.split("\n");
  if (title !== TITLE) throw new AnchorError(source, 1, `"${TITLE}" expected`);
  if (lines.at(-1) !== "" || lines.at(-2) !== `end ${lines.length - 2}`) {
    throw new AnchorError(source, lines.length + 1, "the text is cut off: its last line must count the others");
  }
  let zone: Name | null = null;
  let last: AnchorState["last"] = null;
  const ds: Ds[] = [];
  const keys: TrackedKey[] = [];
  for (const [i, line] of lines.slice(0, -2).entries()) {
    const reader = new LineReader(line, source, i + 2);
    const kind = reader.word("a kind of line");
    if ((kind === "zone") !== (zone === null)) reader.fail("the zone comes first, and once");
    switch (kind) {
      case "zone":
        zone = reader.name();
        break;
      case "seen":
        last = { at: reader.integer(), originalTtl: reader.integer(), validUntil: reader.integer() };
        break;
      case "ds":
        ds.push({
          keyTag: reader.integer(65535),
          algorithm: reader.integer(255),
          digestType: reader.integer(255),
          digest: reader.octets("hex", /^(?:[0-9a-f]{2})+$/),
        });
        break;
      case "key":
        keys.push(trackedKey(reader));
        break;
      default:
        reader.fail(`"${kind}" is no kind of line`);
    }
    reader.end();
  }
  if (zone === null) throw new AnchorError(source, 2, "the zone is missing");
  return { zone, ds, keys, last };
}

function trackedKey(reader: LineReader): TrackedKey {
  const word = reader.word("a state");
  const state = states.find((known) => known === word) ?? reader.fail(`"${word}" is no state of a key`);
  const since = reader.integer();
  const due = reader.integerOrDash();
  const vouchers = reader.tags();
  // Without its date a pending key would wait for ever, and with one a valid key would not be what it seems.
  if ((due !== null) !== (state === "addpend" || state === "revoked")) {
    reader.fail("a hold-down time belongs to the states addpend and revoked");
  }
  const dnskey: Dnskey = {
    flags: reader.integer(65535),
    protocol: reader.integer(255),
    algorithm: reader.integer(255),
    publicKey: reader.octets("base64", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  };
  return { dnskey, state, since, due, vouchers };
}

class LineReader {
  readonly #words: string[];
  readonly #source: string;
  readonly #line: number;

  constructor(text: string, source: string, line: number) {
    this.#words = text.split(" ; ")[0]!.split(" ");
    this.#source = source;
    this.#line = line;
  }

  word(what: string): string {
    return this.#words.shift() || this.fail(`${what} is missing`);
  }

  integer(most = LATEST): number {
    const word = this.word("a number");
    const value = /^[0-9]{1,16}$/.test(word) ? Number(word) : Number.NaN;
    return value <= most ? value : this.fail(`"${word}" is no whole number from 0 to ${most}`);
  }

  /** Key tags, or a dash for none. */
  tags(): readonly number[] {
    const word = this.word("key tags");
    if (word === "-") return [];
    const tags = word.split(",").map((tag) => (/^[0-9]{1,5}$/.test(tag) ? Number(tag) : Number.NaN));
    return tags.every((tag) => tag <= 65535) ? tags : this.fail(`"${word.slice(0, 20)}" is no list of key tags`);
  }

  integerOrDash(): number | null {
    if (this.#words[0] !== "-") return this.integer();
    this.#words.shift();
    return null;
  }

  octets(encoding: "hex" | "base64", form: RegExp): Uint8Array {
    const word = this.word(encoding);
    if (!form.test(word)) this.fail(`"${word.slice(0, 20)}" is not ${encoding}`);
    return Uint8Array.from(Buffer.from(word, encoding));
  }

  name(): Name {
    try {
      return Name.parse(this.word("a name"));
    } catch (error) {
      if (error instanceof TypeError) return this.fail(error.message);
      throw error;
    }
  }

  end(): void {
    if (this.#words.length > 0) this.fail(`"${this.#words[0]}" is too much`);
  }

  fail(reason: string): never {
    throw new AnchorError(this.#source, this.#line, reason);
  }
}
