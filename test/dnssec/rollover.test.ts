/** RFC 5011 as stories: what a zone publishes, probe by probe, and what we trust after each. */
import { describe, expect, test } from "vitest";
import { AnchorError } from "../../src/dnssec/anchors.ts";
import {
  type AnchorState,
  advanceAnchor,
  anchorOf,
  canRoll,
  type KeySighting,
  nextProbe,
  resumeRollover,
  sightKeys,
  startRollover,
} from "../../src/dnssec/rollover.ts";
import { stateFromText, stateToText } from "../../src/dnssec/rollover-state.ts";
import type { Dnskey } from "../../src/wire/rdata.ts";
import { engines } from "./engines.ts";
import {
  asAlgorithm,
  corrupt,
  DAY,
  dnskeys,
  dsOf,
  judgeWith,
  makeKey,
  NOW,
  name,
  reflagged,
  type SignatureShape,
  sign,
  type TestKey,
  withSameTag,
  withSignatures,
} from "./signing.ts";

const HOUR = 3600;
const a = makeKey(13);
const b = makeKey(13);
const c = makeKey(15);
const zsk = makeKey(13, { flags: 256 });
const revoked = (key: TestKey) => reflagged(key, { flags: key.dnskey.flags | 0x80 });
const dsFields = (key: TestKey, digestType = 2) => ({
  keyTag: key.tag,
  algorithm: key.dnskey.algorithm,
  digestType,
  digest: dsOf(".", key, digestType).subarray(4),
});

const labels = new Map<string, string>();
for (const [key, label] of [
  [a, "a"],
  [b, "b"],
  [c, "c"],
] as const) {
  labels.set(Buffer.from(key.dnskey.publicKey).toString("hex"), label);
}
const labelOf = (key: Dnskey) => labels.get(Buffer.from(key.publicKey).toString("hex")) ?? "?";

interface Published {
  readonly keys: readonly TestKey[];
  readonly by: readonly TestKey[];
  readonly ttl?: number;
  readonly shape?: SignatureShape;
  readonly spoil?: boolean;
}

describe.each(engines)("$name engine", (engine) => {
  /** A zone's history: probes at moments counted in days. */
  class Story {
    state: AnchorState;
    seen: KeySighting | null = null;

    constructor(parts: { ds?: AnchorState["ds"]; keys?: readonly TestKey[] }) {
      const keys = (parts.keys ?? []).map((key) => key.dnskey);
      this.state = startRollover({ zone: name("."), ds: parts.ds ?? [], keys, source: "configured" }, NOW);
    }

    probe(days: number, { keys, by, ttl = 2 * DAY, shape, spoil = false }: Published): this {
      const now = NOW + days * DAY;
      const rrset = dnskeys(".", keys, ttl);
      const validity = { inception: now - DAY, expiration: now + 14 * DAY, ...shape };
      const signatures = by.map((key) => sign(rrset, key, ".", validity));
      const dnskey = withSignatures(rrset, ...(spoil ? signatures.map(corrupt) : signatures));
      this.seen = sightKeys(this.state, dnskey, judgeWith(engine, { now }));
      this.state = advanceAnchor(this.state, this.seen, now);
      return this;
    }

    /** "a valid, b addpend": what is known after the last probe. */
    get keys(): string {
      return this.state.keys.map((key) => `${labelOf(key.dnskey)} ${key.state}`).join(", ");
    }

    get trusted(): string {
      return (anchorOf(this.state, "state")?.keys ?? []).map(labelOf).join(", ");
    }
  }

  describe("a new key (R-5011-1)", () => {
    test("is trusted after thirty days without a gap, at the next good probe", () => {
      const story = new Story({ keys: [a] });
      const both = { keys: [a, b, zsk], by: [a] };
      expect(story.probe(0, both).keys).toBe("a valid, b addpend");
      expect(story.trusted).toBe("a");
      for (const day of [10, 20, 29.9]) expect(story.probe(day, both).keys).toBe("a valid, b addpend");
      expect(story.probe(30, both).keys).toBe("a valid, b valid");
      expect(story.trusted).toBe("a, b");
    });

    test("is not trusted by time alone: a failed probe after thirty days changes nothing", () => {
      const story = new Story({ keys: [a] }).probe(0, { keys: [a, b], by: [a] });
      expect(story.probe(40, { keys: [a, b], by: [b] }).keys).toBe("a valid, b addpend");
      expect(story.probe(41, { keys: [a, b], by: [a], spoil: true }).keys).toBe("a valid, b addpend");
      expect(story.seen?.failure?.code).toBe("signature wrong");
      expect(story.probe(42, { keys: [a, b], by: [a] }).keys).toBe("a valid, b valid");
    });

    test("gone once begins anew", () => {
      const story = new Story({ keys: [a] }).probe(0, { keys: [a, b], by: [a] });
      expect(story.probe(29, { keys: [a], by: [a] }).keys).toBe("a valid");
      expect(story.probe(31, { keys: [a, b], by: [a] }).keys).toBe("a valid, b addpend");
      expect(story.probe(60, { keys: [a, b], by: [a] }).keys).toBe("a valid, b addpend");
      expect(story.probe(61, { keys: [a, b], by: [a] }).keys).toBe("a valid, b valid");
    });

    test("waits longer where the DNSKEY TTL is longer than thirty days (RFC 5011 §2.4.1)", () => {
      const slow = { keys: [a, b], by: [a], ttl: 45 * DAY };
      const story = new Story({ keys: [a] }).probe(0, slow);
      expect(story.probe(44, slow).keys).toBe("a valid, b addpend");
      expect(story.probe(45, slow).keys).toBe("a valid, b valid");
    });

    test("is not accepted if all who vouched for it at first were revoked since (RFC 5011 §2.2)", () => {
      // Whoever stole a put in c.
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [a, b, c], by: [a] });
      const clean = { keys: [revoked(a), b, c], by: [revoked(a), b] };
      expect(story.probe(20, clean).keys).toBe("a revoked, b valid, c addpend");
      expect(story.probe(31, { keys: [b, c], by: [b] }).keys).toBe("a revoked, b valid, c addpend");
      expect(story.probe(49.9, { keys: [b, c], by: [b] }).trusted).toBe("b");
      expect(story.probe(50, { keys: [b, c], by: [b] }).keys).toBe("a removed, b valid, c valid");
    });

    test("is accepted if one of those who vouched for it at first is still trusted", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [a, b, c], by: [a, b] });
      story.probe(20, { keys: [revoked(a), b, c], by: [revoked(a), b] });
      expect(story.probe(31, { keys: [b, c], by: [b] }).keys).toBe("a revoked, b valid, c valid");
    });

    test("must be vouched for: signed by itself alone it means nothing", () => {
      expect(new Story({ keys: [a] }).probe(0, { keys: [a, b], by: [b, zsk] }).keys).toBe("a valid");
    });

    test("must have the SEP flag, the zone flag, protocol 3 and an algorithm that counts", () => {
      const odd = [zsk, reflagged(b, { flags: 1 }), reflagged(b, { protocol: 4 }), makeKey(200)];
      expect(new Story({ keys: [a] }).probe(0, { keys: [a, ...odd], by: [a] }).keys).toBe("a valid");
    });

    test("is another key if its octets are those of an old one under another algorithm", () => {
      const rsa = makeKey(8);
      const twin = asAlgorithm(rsa, 10);
      const story = new Story({ keys: [rsa] }).probe(0, { keys: [rsa, twin], by: [rsa] });
      expect(story.state.keys.map((key) => [key.dnskey.algorithm, key.state])).toEqual([
        [8, "valid"],
        [10, "addpend"],
      ]);
    });

    test("cannot be trusted through an expired signature", () => {
      const shape = { inception: NOW - 9 * DAY, expiration: NOW - 1 };
      const story = new Story({ keys: [a] }).probe(0, { keys: [a, b], by: [a], shape });
      expect(story.keys).toBe("a valid");
      expect(story.seen?.failure?.code).toBe("signature expired");
    });
  });

  describe("a missing key (R-5011-3)", () => {
    test("stays trusted, and is valid again when it comes back", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [b], by: [b] });
      expect(story.keys).toBe("a missing, b valid");
      expect(story.trusted).toBe("a, b");
      expect(story.probe(365, { keys: [b], by: [b] }).trusted).toBe("a, b");
      expect(story.probe(366, { keys: [a, b], by: [a] }).keys).toBe("a valid, b valid");
    });

    test("begins anew after more than a year without it, while another one does its work", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [b], by: [b] });
      expect(story.probe(366, { keys: [b], by: [b] }).keys).toBe("a start, b valid");
      expect(story.trusted).toBe("b");
      expect(story.probe(400, { keys: [a, b], by: [b] }).keys).toBe("a addpend, b valid");
      expect(story.probe(430, { keys: [a, b], by: [b] }).keys).toBe("a valid, b valid");
    });

    test("is not given up before another one has been seen at work", () => {
      const story = new Story({ keys: [a, b, c] }).probe(0, { keys: [c], by: [c] });
      expect(story.probe(400, { keys: [b], by: [b] }).keys).toBe("a missing, b valid, c missing");
      expect(story.probe(401, { keys: [b], by: [b] }).keys).toBe("a start, b valid, c missing");
    });
  });

  describe("a revoked key (R-5011-2)", () => {
    test("is distrusted at once and for ever, whatever is published later", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [revoked(a), b], by: [revoked(a), b] });
      expect(story.keys).toBe("a revoked, b valid");
      expect(story.trusted).toBe("b");
      expect(story.probe(10, { keys: [a, b], by: [b] }).keys).toBe("a revoked, b valid");
      expect(story.probe(30, { keys: [a, b], by: [b] }).keys).toBe("a removed, b valid");
      expect(story.probe(90, { keys: [a, b], by: [b] }).keys).toBe("a removed, b valid");
      expect(story.probe(91, { keys: [a, b], by: [a] }).seen?.failure?.code).toBe("signatures missing");
    });

    test("stays revoked through a restart", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [revoked(a), b], by: [revoked(a), b] });
      story.state = stateFromText(stateToText(story.state), "state file");
      expect(story.probe(1, { keys: [a, b], by: [b] }).keys).toBe("a revoked, b valid");
    });

    test("revokes itself even where nobody else signs", () => {
      const story = new Story({ keys: [a] }).probe(0, { keys: [revoked(a)], by: [revoked(a)] });
      expect(story.keys).toBe("a revoked");
      expect(anchorOf(story.state, "state")).toBeNull();
      expect(story.probe(1, { keys: [a, b], by: [a] }).keys).toBe("a revoked");
    });

    test("must have signed itself: the flag alone revokes nothing", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [revoked(a), b], by: [b] });
      expect(story.keys).toBe("a missing, b valid");
      const forged = new Story({ keys: [a, b] }).probe(0, { keys: [revoked(a), b], by: [revoked(a), b], spoil: true });
      expect(forged.keys).toBe("a valid, b valid");
    });

    test("does not vouch for others while it goes", () => {
      expect(new Story({ keys: [a] }).probe(0, { keys: [revoked(a), b], by: [revoked(a)] }).keys).toBe("a revoked");
    });

    test("may still have been waiting", () => {
      const story = new Story({ keys: [a] }).probe(0, { keys: [a, b], by: [a] });
      expect(story.probe(5, { keys: [a, revoked(b)], by: [a, revoked(b)] }).keys).toBe("a valid, b revoked");
      expect(story.probe(50, { keys: [a, b], by: [a] }).keys).toBe("a valid, b removed");
    });

    test("may be one that was missing", () => {
      const story = new Story({ keys: [a, b] }).probe(0, { keys: [b], by: [b] });
      expect(story.probe(1, { keys: [revoked(a), b], by: [revoked(a), b] }).keys).toBe("a revoked, b valid");
    });

    test("that we never knew is not remembered", () => {
      expect(new Story({ keys: [a] }).probe(0, { keys: [a, revoked(c)], by: [a, revoked(c)] }).keys).toBe("a valid");
    });

    test("of another key with the same tag is no matter", () => {
      const twin = revoked(withSameTag(a));
      const story = new Story({ keys: [a] });
      const rrset = dnskeys(".", [a, twin]);
      const by = judgeWith(engine);
      const dnskey = withSignatures(rrset, sign(rrset, a, "."), { ...sign(rrset, a, "."), keyTag: twin.tag });
      story.state = advanceAnchor(story.state, sightKeys(story.state, dnskey, by), NOW);
      expect(story.keys).toBe("a valid");
    });
  });

  describe("a configured DS", () => {
    test("makes the key that it names valid at first sight, and has done its duty", () => {
      const story = new Story({ ds: [dsFields(a), dsFields(b)] }).probe(0, { keys: [a, zsk], by: [a] });
      expect(story.keys).toBe("a valid");
      expect(story.state.ds).toEqual([dsFields(b)]);
      expect(story.probe(1, { keys: [a, b], by: [a] }).keys).toBe("a valid, b valid");
      expect(story.state.ds).toEqual([]);
    });

    test("does not bring back the key that was revoked before we ever saw it", () => {
      const story = new Story({ ds: [dsFields(a), dsFields(b)] });
      story.probe(0, { keys: [revoked(a), b], by: [revoked(a), b] });
      expect(story.keys).toBe("b valid, a revoked");
      expect(story.state.ds).toEqual([]);
      expect(story.probe(1, { keys: [a, b], by: [a] }).trusted).toBe("b");
    });

    test("beside the key itself, as in IANA's file, goes when the key is revoked", () => {
      const story = new Story({ ds: [dsFields(a)], keys: [a, b] });
      story.probe(0, { keys: [revoked(a), b], by: [revoked(a), b] });
      expect(story.keys).toBe("a revoked, b valid");
      expect(story.state.ds).toEqual([]);
    });

    test("of SHA-1 beside a stronger one names no key", () => {
      const story = new Story({ ds: [dsFields(a), dsFields(b, 1)] }).probe(0, { keys: [a, b], by: [a] });
      expect(story.keys).toBe("a valid, b addpend");
    });
  });

  describe("a restart", () => {
    const configured = (parts: { ds?: AnchorState["ds"]; keys?: readonly TestKey[] }) => ({
      zone: name("."),
      ds: parts.ds ?? [],
      keys: (parts.keys ?? []).map((key) => key.dnskey),
      source: "configured",
    });
    const by = judgeWith(engine, { now: NOW + 40 * DAY });
    const rolled = () =>
      new Story({ ds: [dsFields(a)] })
        .probe(0, { keys: [a, b], by: [a] })
        .probe(31, { keys: [a, b], by: [a] })
        .probe(32, { keys: [revoked(a), b], by: [revoked(a), b] }).state;

    test("goes on with what was learned, and does not believe in the configured key that was revoked since", () => {
      const story = new Story({});
      story.state = resumeRollover(rolled(), configured({ ds: [dsFields(a)], keys: [a] }), by)!;
      expect(story.keys).toBe("a revoked, b valid");
      expect(story.state.ds).toEqual([]);
    });

    test("with a key or DS that was not configured before trusts it at once", () => {
      const story = new Story({});
      story.state = resumeRollover(rolled(), configured({ ds: [dsFields(a), dsFields(c)] }), by)!;
      expect(story.state.ds).toEqual([dsFields(c)]);
      story.state = resumeRollover(rolled(), configured({ keys: [a, c] }), by)!;
      expect(story.keys).toBe("a revoked, b valid, c valid");
    });

    test("without a DS that was never met, and is configured no more, forgets it", () => {
      const before = new Story({ ds: [dsFields(a), dsFields(c)] }).probe(0, { keys: [a], by: [a] }).state;
      expect(before.ds).toEqual([dsFields(c)]);
      expect(resumeRollover(before, configured({ ds: [dsFields(a)] }), by)?.ds).toEqual([]);
    });

    test("with an anchor that shares nothing with the state is another anchor's", () => {
      expect(resumeRollover(rolled(), configured({ ds: [dsFields(c)] }), by)).toBeNull();
      expect(resumeRollover(rolled(), configured({ keys: [c] }), by)).toBeNull();
      expect(resumeRollover(rolled(), { ...configured({ keys: [a] }), zone: name("example.") }, by)).toBeNull();
    });

    test("knows its own state even by a DS that was never met", () => {
      const fresh = new Story({ ds: [dsFields(c)] }).state;
      expect(resumeRollover(fresh, configured({ ds: [dsFields(c)] }), by)).toEqual(fresh);
    });
  });

  test("keys without the SEP flag are no anchors that could roll (RFC 5011 §4)", () => {
    expect(new Story({ keys: [a, zsk] }).keys).toBe("a valid");
    const anchor = { zone: name("."), ds: [], keys: [zsk.dnskey], source: "configured" };
    expect(canRoll(anchor)).toBe(false);
    expect(canRoll({ ...anchor, keys: [zsk.dnskey, a.dnskey] })).toBe(true);
    expect(canRoll({ ...anchor, ds: [dsFields(zsk)] })).toBe(true);
  });

  test("the planned rollover of the root: new key in, old key out, without a gap", () => {
    const story = new Story({ keys: [a] });
    story.probe(0, { keys: [a, b], by: [a] }).probe(31, { keys: [a, b], by: [a] });
    story.probe(40, { keys: [a, b], by: [b] });
    story.probe(100, { keys: [revoked(a), b], by: [revoked(a), b] });
    expect(story.keys).toBe("a revoked, b valid");
    story.probe(190, { keys: [b], by: [b] });
    expect(story.keys).toBe("a removed, b valid");
    expect(story.trusted).toBe("b");
  });

  describe("the next probe (R-5011-4)", () => {
    const lastSeen = (ttl: number, expires: number) => {
      const shape = { inception: NOW - DAY, expiration: NOW + expires };
      return new Story({ keys: [a] }).probe(0, { keys: [a], by: [a], ttl, shape }).state;
    };

    test.each([
      [2 * DAY, 14 * DAY, DAY],
      [10 * DAY, 4 * DAY, 2 * DAY],
      [90 * DAY, 90 * DAY, 15 * DAY],
      [60, 14 * DAY, HOUR],
      [2 * DAY, 60, HOUR],
    ])("with TTL %i and %i s to expiration comes in %i s", (ttl, expires, seconds) => {
      expect(nextProbe(lastSeen(ttl, expires), "seen", NOW)).toBe(seconds);
    });

    test.each([
      [2 * DAY, 14 * DAY, (2 * DAY) / 10],
      [90 * DAY, 90 * DAY, DAY],
      [60, 14 * DAY, HOUR],
    ])("after a failure with TTL %i and %i s to expiration comes in %i s", (ttl, expires, seconds) => {
      expect(nextProbe(lastSeen(ttl, expires), "failed", NOW)).toBe(seconds);
    });

    test("comes in an hour where nothing was ever seen, or the signature ran out meanwhile", () => {
      expect(nextProbe(new Story({ keys: [a] }).state, "failed", NOW)).toBe(HOUR);
      expect(nextProbe(lastSeen(2 * DAY, 14 * DAY), "failed", NOW + 30 * DAY)).toBe(HOUR);
    });
  });

  describe("the state as text", () => {
    const full = new Story({ keys: [a, b], ds: [dsFields(c)] })
      .probe(0, { keys: [a, revoked(b), makeKey(13)], by: [a, revoked(b)] })
      .probe(0.5, { keys: [a], by: [a] })
      .probe(1, { keys: [a, makeKey(8)], by: [a] }).state;

    test("comes back as it was", () => {
      expect(full.keys.map((key) => key.state)).toEqual(["valid", "revoked", "addpend"]);
      expect(stateFromText(stateToText(full), "state")).toEqual(full);
      const fresh = new Story({ keys: [a] }).state;
      expect(stateFromText(stateToText(fresh), "state")).toEqual(fresh);
    });

    test("cut off anywhere is refused, never half believed", () => {
      const text = stateToText(full);
      for (let length = 0; length < text.length; length++) {
        expect(() => stateFromText(text.slice(0, length), "state"), `${length} characters`).toThrow(AnchorError);
      }
    });

    test.each<[string, (text: string) => string, string]>([
      ["another title", (text) => text.replace("state 1", "state 2"), "line 1"],
      ["a line lost", (text) => text.replace(/\nkey valid[^\n]*/, ""), "cut off"],
      ["an unknown line", (text) => text.replace("\nds ", "\nsd "), '"sd" is no kind of line'],
      ["an unknown state", (text) => text.replace("key valid", "key good"), '"good" is no state of a key'],
      [
        "a pending key without its date",
        (text) => text.replace(/key addpend (\d+) \d+/, "key addpend $1 -"),
        "hold-down",
      ],
      ["tags that are none", (text) => text.replace(/key addpend (\d+ \d+) \S+/, "key addpend $1 1,x"), "no list"],
      ["tags too large", (text) => text.replace(/key addpend (\d+ \d+) \S+/, "key addpend $1 65536"), "no list"],
      ["a valid key with one", (text) => text.replace(/key valid (\d+) -/, "key valid $1 99"), "hold-down"],
      ["a number that is none", (text) => text.replace(/key valid \d+/, "key valid 1e9"), '"1e9" is no whole number'],
      ["a broken key", (text) => text.replace(/(key valid .*) 257 3 13 \S+/, "$1 257 3 13 A==="), "is not base64"],
      ["flags beyond 16 bits", (text) => text.replace("257 3 13", "65793 3 13"), "0 to 65535"],
      ["two zones", (text) => text.replace(/\nds [^\n]*/, "\nzone ."), "the zone comes first, and once"],
      ["a word too much", (text) => text.replace("zone .", "zone . ."), "is too much"],
      ["a name that is none", (text) => text.replace("zone .", "zone a..b"), "a..b"],
    ])("with %s is refused", (_what, spoil, reason) => {
      const text = stateToText(full);
      const bad = spoil(text);
      expect(bad).not.toBe(text);
      expect(() => stateFromText(bad, "state file")).toThrow(AnchorError);
      expect(() => stateFromText(bad, "state file")).toThrow(reason);
      expect(() => stateFromText(bad, "state file")).toThrow(/^state file, line \d+: /);
    });
  });
});

test("a time that no calendar has is refused when it is read, not when the state is written", () => {
  const text = (since: string): string =>
    `; rootwalk trust anchor state 1\nzone .\nkey valid ${since} - - 257 3 13 AAAA\nend 2\n`;
  const read = stateFromText(text("253402300799"), "state");
  expect(stateToText(read)).toContain("9999-12-31");
  for (const since of ["253402300800", "17801780000000", "9007199254740991"])
    expect(() => stateFromText(text(since), "state")).toThrow(AnchorError);
});
