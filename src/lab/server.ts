/** A name server of the lab: octets in, octets out. RFC 1035 §4.2, RFC 6891 §6.2, RFC 7873 §5.2. */
import { createHash } from "node:crypto";
import type { Transport } from "../env/env.ts";
import type { EdnsOption } from "../wire/edns.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { CLASS, OPCODE, OPTION, RCODE, TYPE } from "../wire/registry.ts";
import { type AnyStyle, answerFromZone, type LabAnswer } from "./authority.ts";
import { decodeQuery, encodeReply, type LabQuery, type LabReply } from "./packets.ts";
import type { Zone } from "./zone.ts";

export interface LabServer {
  readonly name: Name;
  /** IPv4 or IPv6 text. Those in 127/8 can also be bound to sockets. */
  readonly addresses: readonly string[];
  readonly zones: ReadonlyMap<NameKey, Zone>;
  readonly quirks: readonly Quirk[];
  readonly latencyMs: number;
  readonly anyStyle: AnyStyle;
}

/** One thing a server does otherwise than it should; see quirks.ts. */
export interface Quirk {
  /** Before anything is looked up: silence, an error of the whole message, or undefined to go on. */
  readonly meets?: (
    query: LabQuery,
    transport: Transport,
  ) => "silence" | { readonly rcode: number; readonly edns: boolean } | undefined;
  readonly replies?: (reply: LabReply, query: LabQuery, transport: Transport) => LabReply;
  /** The very last word, after truncation. */
  readonly sends?: (octets: Uint8Array, query: LabQuery, transport: Transport) => Uint8Array | null;
}

/** The largest datagram that a lab server sends. RFC 9715 §3. */
const MAX_UDP_OCTETS = 1232;
const COOKIE_OCTETS = 8;

/** What `server` sends back for these octets; null: nothing. */
export function answer(octets: Uint8Array, server: LabServer, transport: Transport): Uint8Array | null {
  const query = decodeQuery(octets);
  if (query === null) return octets.length < 12 || octets[2]! >= 0x80 ? null : formErr(octets);
  for (const quirk of server.quirks) {
    const met = quirk.meets?.(query, transport);
    if (met === "silence") return null;
    if (met !== undefined) return sendWith(server, query, transport, refusal(query, met.rcode, met.edns));
  }
  let reply = replyTo(query, server);
  for (const quirk of server.quirks) reply = quirk.replies?.(reply, query, transport) ?? reply;
  return sendWith(server, query, transport, reply);
}

function replyTo(query: LabQuery, server: LabServer): LabReply {
  const { question, edns } = query;
  if (query.opcode !== OPCODE.QUERY) return refusal(query, RCODE.NOTIMP, edns !== null);
  // RFC 6891 §6.1.3
  if (edns !== null && edns.version > 0) return refusal(query, RCODE.BADVERS, true);
  if (question.class !== CLASS.IN || question.type === TYPE.AXFR || question.type === TYPE.IXFR)
    return refusal(query, RCODE.REFUSED, edns !== null);
  const zone = zoneFor(question.name, question.type, server);
  if (zone === null) return refusal(query, RCODE.REFUSED, edns !== null);
  return replyWith(query, server, answerFromZone(zone, question, server.anyStyle));
}

/** The deepest zone of this server above the name; for a DS the parent's, where the server has both. RFC 4035 §3.1.4.1. */
export function zoneFor(name: Name, type: number, server: LabServer): Zone | null {
  let apexOnly: Zone | null = null;
  for (let labels = name.labelCount; labels >= 0; labels--) {
    const zone = server.zones.get(name.ancestor(labels).key);
    if (zone === undefined) continue;
    if (type !== TYPE.DS || labels < name.labelCount) return zone;
    apexOnly = zone;
  }
  return apexOnly;
}

function replyWith(query: LabQuery, server: LabServer, { authoritative, ...found }: LabAnswer): LabReply {
  return { ...found, ...echo(query, true, server), aa: authoritative };
}

function refusal(query: LabQuery, rcode: number, withEdns: boolean): LabReply {
  return { ...echo(query, withEdns, null), rcode, aa: false, answer: [], authority: [], additional: [] };
}

/** What every reply takes over from its query. */
function echo(query: LabQuery, withEdns: boolean, server: LabServer | null) {
  const { id, opcode, rd, cd, question, edns } = query;
  const options = edns === null || server === null ? [] : edns.options.flatMap((option) => cookieFor(option, server));
  return {
    id,
    opcode,
    rd,
    cd,
    question,
    tc: false,
    edns: edns === null || !withEdns ? null : { version: 0, udpSize: MAX_UDP_OCTETS, dnssecOk: edns.dnssecOk, options },
    dnssec: edns?.dnssecOk === true && withEdns,
  };
}

/** A server cookie that depends on the client's and on the server: enough to see whether a client keeps it. */
function cookieFor({ code, data }: EdnsOption, server: LabServer): EdnsOption[] {
  if (code !== OPTION.COOKIE || data.length < COOKIE_OCTETS) return [];
  const client = data.subarray(0, COOKIE_OCTETS);
  const made = createHash("sha256")
    .update(server.name.canonicalWire)
    .update(client)
    .digest()
    .subarray(0, COOKIE_OCTETS);
  return [{ code, data: Buffer.concat([client, made]) }];
}

function sendWith(server: LabServer, query: LabQuery, transport: Transport, reply: LabReply): Uint8Array | null {
  let octets: Uint8Array | null = fitted(reply, query, transport);
  for (const quirk of server.quirks) {
    if (octets !== null && quirk.sends !== undefined) octets = quirk.sends(octets, query, transport);
  }
  return octets;
}

/** Over UDP what does not fit is left out: first addresses that nobody needs, then all, with TC set. RFC 2181 §9. */
function fitted(reply: LabReply, query: LabQuery, transport: Transport): Uint8Array {
  const whole = encodeReply(reply);
  if (transport === "tcp") return whole;
  const limit = Math.min(Math.max(512, query.edns?.udpSize ?? 512), MAX_UDP_OCTETS);
  if (whole.length <= limit) return whole;
  if (reply.answer.length > 0) {
    // RFC 9471: only glue, which comes with a referral and without an answer, may not be left out silently.
    const withoutExtras = encodeReply({ ...reply, additional: [] });
    if (withoutExtras.length <= limit) return withoutExtras;
  }
  return encodeReply({ ...reply, answer: [], authority: [], additional: [], tc: true });
}

/** The header alone, sent back as a response. */
function formErr(octets: Uint8Array): Uint8Array {
  const reply = new Uint8Array(12);
  reply.set(octets.subarray(0, 2));
  reply[2] = 0x80 | (octets[2]! & 0x79);
  reply[3] = RCODE.FORMERR;
  return reply;
}
