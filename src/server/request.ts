/**
 * A client's query, read by offsets: header, the one question, and what its OPT record says. RFC 1035 §4.1, RFC 6891 §6,
 * RFC 9619. Nothing else of a query means anything to a resolver, so nothing else is built.
 */
import { Reader, WireError } from "../wire/cursor.ts";
import { type Cookie, cookieFrom } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { OPCODE, OPTION, RCODE, TYPE } from "../wire/registry.ts";

export type Request =
  /** Not answered: a response (two resolvers must not talk in circles), or no header at all. */
  | { readonly kind: "not a query"; readonly why: string }
  /** Answered with a bare header: nothing the client sent is reflected but its id and opcode. */
  | {
      readonly kind: "unreadable";
      readonly id: number;
      readonly opcode: number;
      readonly rcode: typeof RCODE.FORMERR | typeof RCODE.NOTIMP;
      readonly why: string;
    }
  | Query;

export interface Query {
  readonly kind: "query";
  readonly id: number;
  readonly rd: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
  readonly question: Question;
  readonly edns: ClientEdns | null;
}

export interface ClientEdns {
  readonly version: number;
  /** At least 512. RFC 6891 §6.2.3. */
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  /** RFC 9824 §5.1. */
  readonly compactOk: boolean;
  /** The client asked how long a connection may stay idle. RFC 7828 §3.2.1. */
  readonly keepalive: boolean;
  /** The client asked who answers. RFC 5001 §2.1. */
  readonly nsid: boolean;
  readonly cookie: Cookie | "malformed" | null;
  /** The client hides the size of its questions. RFC 7830 §4. */
  readonly padded: boolean;
}

const HEADER_OCTETS = 12;
const DNSSEC_OK = 0x8000;
const COMPACT_OK = 0x4000;

export function readRequest(octets: Uint8Array): Request {
  if (octets.length < HEADER_OCTETS) return { kind: "not a query", why: `${octets.length} octets are no header` };
  const flags = (octets[2]! << 8) | octets[3]!;
  if (flags & 0x8000) return { kind: "not a query", why: "QR is set" };
  const id = (octets[0]! << 8) | octets[1]!;
  const opcode = (flags >>> 11) & 15;
  if (opcode !== OPCODE.QUERY) {
    return { kind: "unreadable", id, opcode, rcode: RCODE.NOTIMP, why: `opcode ${opcode}` };
  }
  try {
    return readQuery(octets, id, flags);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: "unreadable", id, opcode, rcode: RCODE.FORMERR, why: error.message };
  }
}

function readQuery(octets: Uint8Array, id: number, flags: number): Query {
  const reader = new Reader(octets, 4);
  const questions = reader.u16();
  // RFC 9619 §4: a QUERY has exactly one question.
  if (questions !== 1) reader.fail(`${questions} questions`);
  const records = reader.u16() + reader.u16();
  // An IXFR query has a SOA here (RFC 1995 §3); we give no transfers, and no other query has records in these sections.
  if (records !== 0) reader.fail(`${records} records in the answer and authority sections of a query`);
  const additional = reader.u16();
  const question: Question = { name: Name.read(reader), type: reader.u16(), class: reader.u16() };
  const edns = readOpt(reader, additional);
  if (reader.remaining > 0) reader.fail(`${reader.remaining} octets after the message`);
  return {
    kind: "query",
    id,
    rd: (flags & 0x0100) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    question,
    edns,
  };
}

/** The OPT among `count` records; others, such as TSIG with a key we do not have, are passed over. */
function readOpt(reader: Reader, count: number): ClientEdns | null {
  let edns: ClientEdns | null = null;
  for (let i = 0; i < count; i++) {
    const owner = Name.read(reader);
    const type = reader.u16();
    const udpSize = reader.u16();
    const ttl = reader.u32();
    const length = reader.u16();
    if (length > reader.remaining) reader.fail(`RDATA of ${length} octets, ${reader.remaining} left`);
    const end = reader.offset + length;
    if (type === TYPE.OPT) {
      // RFC 6891 §6.1.1: more than one OPT record is FORMERR; §6.1.2: its owner is the root.
      if (edns !== null) reader.fail("a second OPT record");
      if (!owner.isRoot) reader.fail(`an OPT record at ${owner}`);
      const version = (ttl >>> 16) & 0xff;
      edns = {
        version,
        udpSize: Math.max(512, udpSize),
        dnssecOk: (ttl & DNSSEC_OK) !== 0,
        compactOk: (ttl & COMPACT_OK) !== 0,
        // What another version's options look like is unknown: BADVERS says so, not FORMERR.
        ...(version === 0 ? readOptions(new Reader(reader.octets, reader.offset, end)) : noOptions),
      };
    }
    reader.offset = end;
  }
  return edns;
}

type Options = Pick<ClientEdns, "keepalive" | "nsid" | "cookie" | "padded">;
const noOptions: Options = { keepalive: false, nsid: false, cookie: null, padded: false };

/** Walks all options, so that a malformed list is found; unknown ones are ignored (RFC 6891 §6.1.2). */
function readOptions(reader: Reader): Options {
  let { keepalive, nsid, cookie, padded } = noOptions;
  while (reader.remaining > 0) {
    const code = reader.u16();
    const data = reader.take(reader.u16());
    if (code === OPTION.KEEPALIVE) keepalive = true;
    else if (code === OPTION.NSID) nsid = true;
    else if (code === OPTION.PADDING) padded = true;
    // RFC 7873 §5.2: of several only the first counts.
    else if (code === OPTION.COOKIE) cookie ??= cookieFrom(data) ?? "malformed";
  }
  return { keepalive, nsid, cookie, padded };
}
