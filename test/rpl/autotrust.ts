/**
 * Unbound's RFC 5011 state files, and the product's own state seen through them. Compared are keys, flags, states, how
 * often a pending key was seen, and when a state was entered; when who was asked is bookkeeping. FORMAT.md §6.4.
 */
import type { TrustAnchor } from "../../src/dnssec/anchors.ts";
import type { AnchorState, KeyState, TrackedKey } from "../../src/dnssec/rollover.ts";
import { stateFromText, stateToText } from "../../src/dnssec/rollover-state.ts";
import type { Clock, UnixSeconds } from "../../src/env/env.ts";
import type { AnchorStore } from "../../src/resolver/resolver.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import type { Name } from "../../src/wire/name.ts";
import { type Dnskey, encodeRdata } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { anchorsFromLines, dnskeyOf } from "./anchors.ts";
import { recordFromLine } from "./records.ts";
import type { TextFile } from "./scenario.ts";

const REVOKE = 0x80;
const HOLD_DOWN = 30 * 86_400;
/** By number, as `;;state=` has it. */
const states: readonly KeyState[] = ["start", "addpend", "valid", "missing", "revoked", "removed"];

/** One key of a state file. Without `;;state=` it is a line that an operator wrote. */
interface FileKey {
  readonly dnskey: Dnskey;
  readonly state: KeyState | null;
  readonly count: number;
  readonly since: UnixSeconds;
}

/** The product's store, filled from the scenario's files; what it gets is kept for comparison. */
export class AutotrustStore implements AnchorStore {
  readonly #files: ReadonlyMap<string, { readonly zone: Name; readonly keys: readonly FileKey[] }>;
  readonly #texts = new Map<string, string>();
  /** Probes that saw a pending key, by its octets. */
  readonly #counts = new Map<string, { count: number; since: UnixSeconds; lastSeen: UnixSeconds }>();
  /** When keys entered their states by the scenario's clock, which may not be the calendar (FORMAT.md §6.1). */
  readonly #changes = new Map<string, number>();
  readonly #clock: Clock;

  constructor(files: readonly TextFile[], clock: Clock) {
    this.#files = new Map(files.map((file) => [withDot(file.id), fileKeys(file)]));
    this.#clock = clock;
  }

  load(zone: Name): string | null {
    const file = this.#files.get(zone.toString());
    if (file === undefined || !file.keys.some((key) => key.state !== null)) return null;
    for (const { dnskey, state, count, since } of file.keys)
      if (state === "addpend") this.#counts.set(octetsOf(dnskey), { count, since, lastSeen: since });
    return stateToText({ zone, ds: [], keys: file.keys.map(trackedKey), last: null });
  }

  store(zone: Name, text: string): void {
    this.#texts.set(zone.toString(), text);
    const { keys, last } = stateFromText(text, "the product's state");
    const today = Math.floor(this.#clock.unixSeconds());
    for (const { dnskey, state, since } of keys) {
      if (since === today) this.#changes.set(`${state} ${octetsOf(dnskey)}`, this.#clock.monotonicMs() / 1000);
      const known = this.#counts.get(octetsOf(dnskey));
      const seenAt = last?.at ?? since;
      if (state !== "addpend") this.#counts.delete(octetsOf(dnskey));
      else if (known?.since !== since) this.#counts.set(octetsOf(dnskey), { count: 1, since, lastSeen: seenAt });
      else if (seenAt > known.lastSeen)
        this.#counts.set(octetsOf(dnskey), { count: known.count + 1, since, lastSeen: seenAt });
    }
  }

  /** What differs from `lines`, macros expanded. */
  differences(id: string, lines: readonly string[]): string[] {
    const zone = withDot(id);
    const expected = fileKeys({ id, lines, line: 0 }).keys.filter((key) => (key.dnskey.flags & 1) !== 0);
    const actual = this.#keysNow(zone);
    if (actual === null) return [`there is no trust anchor of ${zone}`];
    const described = (keys: readonly FileKey[], like: readonly FileKey[]): string[] =>
      keys.map((key) => this.#text(key, like.find((other) => isSame(other.dnskey, key.dnskey)) ?? key));
    const wanted = described(expected, expected);
    const got = described(actual, expected);
    return [
      ...wanted.filter((text) => !got.includes(text)).map((text) => `the state lacks ${text}`),
      ...got.filter((text) => !wanted.includes(text)).map((text) => `the state has ${text}, which is not expected`),
    ];
  }

  #keysNow(zone: string): readonly FileKey[] | null {
    const text = this.#texts.get(zone);
    if (text === undefined) {
      const initial = this.#files.get(zone)?.keys.filter((key) => (key.dnskey.flags & 1) !== 0);
      return initial ?? null;
    }
    const state: AnchorState = stateFromText(text, "the product's state");
    return state.keys
      .filter((key) => key.state !== "start" && key.state !== "removed")
      .map(({ dnskey, state: at, since }) => ({
        dnskey: at === "revoked" ? { ...dnskey, flags: dnskey.flags | REVOKE } : dnskey,
        state: at,
        count: this.#counts.get(octetsOf(dnskey))?.count ?? 0,
        since: this.#changes.get(`${at} ${octetsOf(dnskey)}`) ?? since,
      }));
  }

  /** `like`: a plain line says nothing of states. */
  #text({ dnskey, state, count, since }: FileKey, like: FileKey): string {
    const key = `key ${keyTag(encodeRdata(TYPE.DNSKEY, dnskey))} (flags ${dnskey.flags}, algorithm ${dnskey.algorithm})`;
    if (like.state === null) return key;
    const seen = state === "addpend" ? `, seen ${count} times` : "";
    return `${key} ${state} since ${since}${seen}`;
  }
}

/** What an operator would have configured where these files are. */
export function configuredIn(files: readonly TextFile[]): TrustAnchor[] {
  return files
    .flatMap((file) => anchorsFromLines(file.lines))
    .map((anchor) => ({ ...anchor, keys: anchor.keys.map(withoutRevoke) }));
}

function fileKeys({ id, lines }: TextFile): { readonly zone: Name; readonly keys: readonly FileKey[] } {
  const keys: FileKey[] = [];
  let zone: Name | null = null;
  for (const line of lines) {
    if (line.trim() === "" || line.trim().startsWith(";")) continue;
    const record = recordFromLine(line, 0);
    zone ??= record.name;
    if (record.type !== TYPE.DNSKEY) continue;
    const marks = /;;state=(\d).*;;count=(\d+).*;;lastchange=(\d+)/.exec(line);
    keys.push({
      dnskey: dnskeyOf(record),
      state: marks === null ? null : states[Number(marks[1])]!,
      count: Number(marks?.[2] ?? 0),
      since: Number(marks?.[3] ?? 0),
    });
  }
  if (zone === null) throw new RangeError(`the state file of ${id} names no zone`);
  return { zone, keys };
}

function trackedKey({ dnskey, state, since }: FileKey): TrackedKey {
  const waits = state === "addpend" || state === "revoked";
  return { dnskey: withoutRevoke(dnskey), state: state!, since, due: waits ? since + HOLD_DOWN : null, vouchers: [] };
}

const withoutRevoke = (dnskey: Dnskey): Dnskey => ({ ...dnskey, flags: dnskey.flags & ~REVOKE });

const withDot = (id: string): string => id.replace(/\.?$/, ".");
const octetsOf = ({ publicKey }: Dnskey): string => Buffer.from(publicKey).toString("base64");
const isSame = (a: Dnskey, b: Dnskey): boolean => octetsOf(a) === octetsOf(b);
