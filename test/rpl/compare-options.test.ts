/** EDNS options that a scenario states must be there as stated, once. */
import { describe, expect, test } from "vitest";
import type { EdnsOption } from "../../src/wire/edns.ts";
import type { Message } from "../../src/wire/message.ts";
import { compareAnswer } from "./compare.ts";
import type { Entry } from "./scenario.ts";

function entry(words: readonly string[], options: readonly number[] | null): Entry {
  return {
    line: 1,
    match: { words: new Set(words), ede: null, serial: null },
    adjust: new Set(),
    headerGiven: true,
    opcode: 0,
    rcode: 0,
    flags: new Set(["QR"]),
    edns: options === null ? null : { dnssecOk: false, compactOk: false, options: Uint8Array.from(options) },
    question: [],
    answer: [],
    authority: [],
    additional: [],
    octets: null,
    mandatory: false,
  };
}

function differences(words: readonly string[], stated: readonly number[] | null, came: readonly EdnsOption[]) {
  const flags = { qr: true, aa: false, tc: false, rd: false, ra: false, ad: false, cd: false };
  const sections = { question: [], answer: [], authority: [], additional: [] };
  const edns = { version: 0, udpSize: 1232, dnssecOk: false, compactOk: false, options: came };
  const actual: Message = { id: 0, opcode: 0, rcode: 0, ...flags, ...sections, edns };
  const parts = { dialect: "testbound", query: entry([], null), expected: entry(words, stated) } as const;
  return compareAnswer(parts, actual).differences;
}

const nsid = (...data: number[]): EdnsOption => ({ code: 3, data: Uint8Array.from(data) });
const cookie = (octets: number): EdnsOption => ({ code: 10, data: new Uint8Array(octets) });

describe("an NSID", () => {
  test("as stated fits", () => expect(differences(["all"], [0, 3, 0, 1, 65], [nsid(65)])).toEqual([]));
  test("of other octets, or none, or two, does not", () => {
    for (const came of [[nsid(66)], [], [nsid(65), nsid(65)]])
      expect(differences(["all"], [0, 3, 0, 1, 65], came)).toHaveLength(1);
  });
  test("that is not stated is nobody's concern, nor are other options", () => {
    expect(differences(["all"], null, [nsid(65)])).toEqual([]);
    expect(differences(["all"], [0, 15, 0, 2, 0, 6], [])).toEqual([]);
  });
});

describe("server_cookie", () => {
  test("wants a cookie with a server's part", () => {
    expect(differences(["all", "server_cookie"], null, [cookie(24)])).toEqual([]);
    expect(differences(["all", "server_cookie"], null, [cookie(8)])).toEqual(["no server cookie came"]);
    expect(differences(["all", "server_cookie"], null, [])).toEqual(["no server cookie came"]);
  });
});
