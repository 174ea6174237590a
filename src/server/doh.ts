/** DNS over HTTPS without sockets: what a request means, and how long its answer stays fresh. RFC 8484 §4, §5.1. */
import { Reader, WireError } from "../wire/cursor.ts";
import { Name } from "../wire/name.ts";
import { RCODE, TYPE } from "../wire/registry.ts";

/** Where questions go, as every client expects it by default. */
export const DOH_PATH = "/dns-query";
export const DNS_MESSAGE = "application/dns-message";

export interface RequestHead {
  readonly method: string;
  /** With its query, as it was sent. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
}

export type Meaning =
  | { readonly kind: "question"; readonly octets: Uint8Array }
  | { readonly kind: "question in the body" }
  | Refusal;

export interface Refusal {
  readonly kind: "refusal";
  readonly status: 400 | 404 | 405 | 413 | 414 | 415 | 431;
  /** For whoever tries with a browser or curl. */
  readonly text: string;
}

export const refusalWith = (status: Refusal["status"], text: string): Refusal => ({ kind: "refusal", status, text });

export const methodsAllowed = "GET, POST";

/** What the parameters around the question may take. */
const PATH_OCTETS = 256;

export function readHead(head: RequestHead, maxOctets: number): Meaning {
  const { method, target } = head;
  // RFC 9110 §15.5.15. Four characters of base64 hold three octets.
  if (target.length > PATH_OCTETS + Math.ceil((maxOctets * 4) / 3))
    return refusalWith(414, `a question of at most ${maxOctets} octets expected`);
  const mark = target.indexOf("?");
  if ((mark < 0 ? target : target.slice(0, mark)) !== DOH_PATH)
    return refusalWith(404, `DNS over HTTPS is at ${DOH_PATH}`);
  switch (method) {
    case "GET":
      return fromQuery(mark < 0 ? "" : target.slice(mark + 1), maxOctets);
    case "POST":
      return fromBody(head, maxOctets);
    default:
      return refusalWith(405, `GET or POST expected, RFC 8484 section 4.1`);
  }
}

function fromQuery(query: string, maxOctets: number): Meaning {
  const values = query.split("&").flatMap((part) => (part.startsWith("dns=") ? [part.slice(4)] : []));
  const [text] = values;
  if (values.length !== 1 || text === undefined) return refusalWith(400, "one parameter dns expected: ?dns=...");
  // RFC 8484 §6: base64url, and no padding.
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1)
    return refusalWith(400, "the parameter dns is no base64url without padding");
  const octets = Buffer.from(text, "base64url");
  return octets.length > maxOctets
    ? refusalWith(414, `a question of ${octets.length} octets: at most ${maxOctets} expected`)
    : { kind: "question", octets };
}

function fromBody({ contentType, contentLength }: RequestHead, maxOctets: number): Meaning {
  const type = (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== DNS_MESSAGE) return refusalWith(415, `Content-Type ${DNS_MESSAGE} expected`);
  if (contentLength !== undefined && Number(contentLength) > maxOctets)
    return refusalWith(413, `a question of ${contentLength} octets: at most ${maxOctets} expected`);
  return { kind: "question in the body" };
}

/**
 * Seconds for which a cache may give the reply again: the smallest TTL of its answer, or of the SOA record that says how
 * long a name is known not to exist. RFC 8484 §5.1. 0 for failures: the next try may fare better.
 */
export function freshnessOf(reply: Uint8Array): number {
  try {
    return readFreshness(new Reader(reply, 2));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return 0;
  }
}

function readFreshness(reader: Reader): number {
  const flags = reader.u16();
  const rcode = flags & 15;
  if ((rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) || (flags & 0x0200) !== 0) return 0;
  const questions = reader.u16();
  const answers = reader.u16();
  const authorities = reader.u16();
  reader.u16();
  for (let i = 0; i < questions; i++) {
    Name.read(reader);
    reader.u32();
  }
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < answers; i++) lowest = Math.min(lowest, readRecord(reader).ttl);
  // What ends in a denial is as fresh as the denial: behind aliases, too.
  for (let i = 0; i < authorities; i++) {
    const { type, ttl, rdataEnd } = readRecord(reader);
    if (type === TYPE.SOA) lowest = Math.min(lowest, ttl, lastNumber(reader, rdataEnd));
  }
  return Number.isFinite(lowest) ? lowest : 0;
}

function readRecord(reader: Reader): { readonly type: number; readonly ttl: number; readonly rdataEnd: number } {
  Name.read(reader);
  const type = reader.u16();
  reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  reader.take(length);
  return { type, ttl, rdataEnd: reader.offset };
}

/** A SOA record's MINIMUM is its last field. RFC 2308 §4. */
function lastNumber(reader: Reader, end: number): number {
  return new Reader(reader.octets, end - 4, end).u32();
}
