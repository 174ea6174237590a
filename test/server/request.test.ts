import { describe, expect, it } from "vitest";
import { type Query, readRequest } from "../../src/server/request.ts";
import { type EdnsShape, opt, type QueryShape, query } from "./requests.ts";

function read(shape: QueryShape): Query {
  const request = readRequest(query(shape));
  if (request.kind !== "query") throw new Error(`${request.kind}: ${request.why}`);
  return request;
}

const withEdns = (edns: EdnsShape): Query["edns"] => read({ edns }).edns;

describe("a client's query", () => {
  it("is its id, three flags, one question and what OPT says", () => {
    const request = read({ id: 0xbeef, name: "WwW.Example.", type: 52, ad: true, cd: true, rd: false });
    expect(request).toMatchObject({ id: 0xbeef, rd: false, ad: true, cd: true, edns: null });
    expect(`${request.question.name}`).toBe("WwW.Example.");
    expect(request.question).toMatchObject({ type: 52, class: 1 });
  });

  it("a UDP size below 512 reads as 512 (RFC 6891 §6.2.3)", () => {
    expect(withEdns({ udpSize: 0 })?.udpSize).toBe(512);
    expect(withEdns({ udpSize: 511 })?.udpSize).toBe(512);
    expect(withEdns({ udpSize: 4096 })?.udpSize).toBe(4096);
  });

  it("DO and CO are told apart", () => {
    expect(withEdns({ dnssecOk: true })).toMatchObject({ dnssecOk: true, compactOk: false });
    expect(withEdns({ compactOk: true })).toMatchObject({ dnssecOk: false, compactOk: true });
  });

  it("unknown EDNS options are ignored, keepalive is seen among them", () => {
    expect(withEdns({ options: [0xff, 0xfe, 0, 2, 1, 2] })).toMatchObject({ keepalive: false });
    expect(withEdns({ options: [0xff, 0xfe, 0, 1, 9, 0, 11, 0, 0] })).toMatchObject({ keepalive: true });
  });

  it("of another EDNS version only the version is read", () => {
    expect(withEdns({ version: 1, options: [1] })).toMatchObject({ version: 1, keepalive: false });
  });

  it("records beside OPT are passed over: a TSIG with a key we do not have", () => {
    const tsig = Uint8Array.from([1, 0x6b, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 2, 7, 7]);
    expect(read({ additional: [tsig], edns: { dnssecOk: true } }).edns?.dnssecOk).toBe(true);
  });

  it("Z and TC in a query mean nothing", () => {
    const octets = query({ tc: true });
    octets[3]! |= 0x40;
    expect(readRequest(octets).kind).toBe("query");
  });
});

describe("not a query", () => {
  it.each([0, 1, 11])("%i octets", (length) => {
    expect(readRequest(query().subarray(0, length)).kind).toBe("not a query");
  });

  it("QR set, whatever else is in it", () => {
    expect(readRequest(query({ qr: true })).kind).toBe("not a query");
    expect(readRequest(query({ qr: true, opcode: 5, counts: [9, 9, 9, 9] })).kind).toBe("not a query");
  });
});

describe("what cannot be read keeps nothing but id and opcode", () => {
  it.each([1, 2, 3, 4, 5, 6, 9, 15])("opcode %i is NOTIMP", (opcode) => {
    expect(readRequest(query({ opcode, id: 7 }))).toMatchObject({ kind: "unreadable", id: 7, opcode, rcode: 4 });
  });

  it.each<[string, QueryShape]>([
    ["no question", { counts: [0, 0, 0, 0] }],
    ["two questions (RFC 9619)", { counts: [2, 0, 0, 0] }],
    ["a record in the answer section", { counts: [1, 1, 0, 0] }],
    ["a record in the authority section, as IXFR has", { counts: [1, 0, 1, 0], type: 251 }],
    ["octets after the message", { trailing: [0] }],
    ["an additional record that is not there", { counts: [1, 0, 0, 1] }],
    ["two OPT records", { additional: [opt({})], edns: {} }],
    ["OPT at a name that is not the root", { additional: [Uint8Array.from([1, 0x61, ...opt({})])] }],
    ["an EDNS option longer than OPT", { edns: { options: [0, 10, 0, 9, 1] } }],
    ["an EDNS option without its length", { edns: { options: [0, 10, 0] } }],
    ["OPT with more RDATA than there is", { additional: [opt({ options: [0, 3, 0, 0] }).subarray(0, 13)] }],
  ])("%s is FORMERR", (_, shape) => {
    expect(readRequest(query({ id: 9, ...shape }))).toMatchObject({ kind: "unreadable", id: 9, opcode: 0, rcode: 1 });
  });

  it("a question name that points, runs out or uses an unknown label type", () => {
    for (const name of [
      [0xc0, 12],
      [0xc0, 0],
      [0x40, 1],
      [63, 1],
      [5, 0x61],
    ]) {
      const octets = Uint8Array.from([...query().subarray(0, 12), ...name, 0, 1, 0, 1]);
      expect(readRequest(octets)).toMatchObject({ kind: "unreadable", rcode: 1 });
    }
  });

  it("every query cut anywhere is silence or FORMERR, never an exception", () => {
    const whole = query({ edns: { options: [0, 11, 0, 0] } });
    for (let length = 0; length < whole.length; length++) {
      expect(readRequest(whole.subarray(0, length)).kind).toBe(length < 12 ? "not a query" : "unreadable");
    }
  });
});
