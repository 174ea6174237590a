/** From what was found to what a client is told: flags, sections, extended errors. RFC 4035 §3.2, RFC 6840 §5.7-§5.9, RFC 8914. */
import type { Answer, AnswerData } from "../dnssec/answer.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Unchecked } from "../resolver/api.ts";
import { isOfType, type RRset, rdataOf, signatureRecords, toRecords } from "../rrset/rrset.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Message, ResourceRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { CLASS, RCODE, type RRType, TYPE } from "../wire/registry.ts";
import type { Query } from "./request.ts";

/** A reply before it is written: `ede` apart, since its texts are the first to go when space is short. */
export interface Reply {
  readonly message: Message;
  readonly ede: readonly ExtendedError[];
}

/** Our own largest request; what a client may send us by UDP. */
const OUR_UDP_SIZE = 1232;

export function replyFromAnswer(query: Query, answer: Answer, now: UnixSeconds): Reply {
  const { verdict } = answer;
  switch (verdict.status) {
    case "bogus":
    case "indeterminate":
      // RFC 4035 §5.5: nothing of the data, and no claim of authenticity, whatever else was found.
      return errorReply(query, RCODE.SERVFAIL, answer.ede);
    case "secure":
    case "insecure":
      return replyWithData(query, answer, { data: verdict.value, now });
  }
}

/** RFC 4035 §3.2.2: with CD the client wants to judge for itself. */
export function replyUnchecked(query: Query, found: Unchecked): Reply {
  const view = viewOf(query, Number.POSITIVE_INFINITY);
  const message = {
    ...emptyReply(query, found.rcode),
    ra: true,
    answer: recordsOf(found.answer, view),
    authority: recordsOf(found.authority, view),
  };
  return { message, ede: found.ede };
}

/** The question and a reason, no records. */
export function errorReply(query: Query, rcode: number, ede: readonly ExtendedError[]): Reply {
  return { message: { ...emptyReply(query, rcode), ra: rcode === RCODE.SERVFAIL }, ede };
}

/** A refusal that says that recursion is to be had, only not by this question or this client. */
export function refusal(query: Query, code: number, text: string): Reply {
  return errorReply(query, RCODE.REFUSED, [{ code, text }]);
}

/** Twelve octets: of what the client sent only id and opcode, so that there is nothing to gain from garbage. */
export function bareReply(header: {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
}): Uint8Array {
  const octets = new Uint8Array(12);
  octets[0] = header.id >>> 8;
  octets[1] = header.id;
  octets[2] = 0x80 | (header.opcode << 3);
  octets[3] = header.rcode;
  return octets;
}

/** TXT in class CHAOS, as `version.bind` and `id.server` are answered by custom. RFC 4892 §3. */
export function chaosReply(query: Query, text: string): Reply {
  const octets = new TextEncoder().encode(text).subarray(0, 255);
  const record: ResourceRecord = {
    name: query.question.name,
    type: TYPE.TXT,
    class: CLASS.CH,
    ttl: 0,
    rdata: Uint8Array.of(octets.length, ...octets),
  };
  return { message: { ...emptyReply(query, RCODE.NOERROR), answer: [record] }, ede: [] };
}

function replyWithData(
  query: Query,
  answer: Answer,
  found: { readonly data: AnswerData; readonly now: UnixSeconds },
): Reply {
  const { data, now } = found;
  // RFC 4035 §5.3.3: no TTL outlives the signatures; otherwise RRsets come with their remaining time.
  const view = viewOf(
    query,
    answer.validUntil === null ? Number.POSITIVE_INFINITY : Math.floor(answer.validUntil - now),
  );
  const authority: RRset[] = [];
  const records: ResourceRecord[] = [];
  let last: RRset | null = null;
  for (const link of answer.aliases) {
    if (link.verdict.status !== "secure" && link.verdict.status !== "insecure") continue; // then the whole is neither
    const { alias, target } = link.verdict.value;
    records.push(...recordsOf([alias], view));
    if (alias.type === TYPE.DNAME && target !== null) records.push(synthesised(link, alias, view));
    authority.push(...link.verdict.value.authority);
    last = alias;
  }
  // A DNAME that makes too long a name is both the last link and the end (RFC 6672 §2.2).
  records.push(
    ...recordsOf(
      // So is the CNAME that the last DNAME makes, to a question for it (RFC 6672 §3.1).
      data.rrsets.filter((rrset) => !isSame(rrset, last) && !(last?.type === TYPE.DNAME && rrset.type === TYPE.CNAME)),
      view,
    ),
  );
  authority.push(...data.authority);
  const compact = isCompactDenial(data);
  const message: Message = {
    ...emptyReply(query, compact ? compactRcode(query) : answer.rcode),
    ra: true,
    ad: mayClaimAuthentic(query, answer),
    answer: records,
    authority: recordsOf(withoutDuplicates(authority), view),
  };
  return { message, ede: answer.ede };
}

/**
 * RFC 6840 §5.7, §5.8: AD is for clients that set DO or AD. With CD it stays clear, so that what a client reads does not
 * depend on whether somebody else had the same data validated before.
 */
function mayClaimAuthentic(query: Query, answer: Answer): boolean {
  return answer.authenticated && !query.cd && (query.ad || query.edns?.dnssecOk === true);
}

/** An NSEC at the name itself that lists NXNAME. RFC 9824 §3.1. */
function isCompactDenial(data: AnswerData): boolean {
  if (data.kind === "answer") return false;
  return data.authority.some(
    (rrset) => isOfType(rrset, TYPE.NSEC) && rrset.name.equals(data.name) && rdataOf(rrset)[0]!.types.has(TYPE.NXNAME),
  );
}

/** RFC 9824 §5: a validating client that does not know NXNAME would find NXDOMAIN at odds with the NSEC. */
function compactRcode(query: Query): number {
  const { edns } = query;
  return edns?.dnssecOk && !edns.compactOk ? RCODE.NOERROR : RCODE.NXDOMAIN;
}

/** How one client sees RRsets. */
interface View {
  readonly query: Query;
  readonly dnssec: boolean;
  /** RFC 4035 §3.2.1: asked for by name, DNSSEC types are given to everybody. */
  readonly wanted: RRType;
  readonly maxTtl: number;
}

function viewOf(query: Query, maxTtl: number): View {
  return { query, dnssec: query.edns?.dnssecOk === true, wanted: query.question.type, maxTtl };
}

function recordsOf(rrsets: readonly RRset[], view: View): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (const rrset of rrsets) {
    if (!view.dnssec && isAuthenticating(rrset.type) && rrset.type !== view.wanted) continue;
    const ttl = Math.max(0, Math.min(rrset.ttl, view.maxTtl));
    const named = { ...rrset, name: asAsked(rrset.name, view) };
    records.push(...toRecords(named, ttl));
    if (view.dnssec) records.push(...signatureRecords(named, ttl));
  }
  return records;
}

function isAuthenticating(type: RRType): boolean {
  return type === TYPE.RRSIG || type === TYPE.NSEC || type === TYPE.NSEC3;
}

/** RFC 6672 §3.1: for clients that do not know DNAME; unsigned, with the DNAME's TTL. */
function synthesised(link: { readonly from: Name; readonly to: Name }, dname: RRset, view: View): ResourceRecord {
  return {
    name: asAsked(link.from, view),
    type: TYPE.CNAME,
    class: CLASS.IN,
    ttl: Math.max(0, Math.min(dname.ttl, view.maxTtl)),
    rdata: link.to.wire,
  };
}

/** The question's own letter case, where the owner is the question's name. RFC 4343 §4.1. */
function asAsked(name: Name, view: View): Name {
  const asked = view.query.question.name;
  return name.equals(asked) ? asked : name;
}

function isSame(rrset: RRset, other: RRset | null): boolean {
  return other !== null && rrset.type === other.type && rrset.name.equals(other.name);
}

function withoutDuplicates(rrsets: readonly RRset[]): readonly RRset[] {
  if (rrsets.length < 2) return rrsets;
  const seen = new Map<string, RRset>();
  for (const rrset of rrsets) {
    const key = `${rrset.type} ${rrset.name.key}`;
    if (!seen.has(key)) seen.set(key, rrset);
  }
  return [...seen.values()];
}

function emptyReply(query: Query, rcode: number): Message {
  return {
    id: query.id,
    qr: true,
    aa: false,
    tc: false,
    rd: query.rd,
    ra: false,
    ad: false,
    cd: query.cd,
    opcode: 0,
    rcode,
    question: [query.question],
    answer: [],
    authority: [],
    additional: [],
    // RFC 6891 §7: whoever sends no OPT gets none.
    edns:
      query.edns === null
        ? null
        : {
            version: 0,
            udpSize: OUR_UDP_SIZE,
            dnssecOk: query.edns.dnssecOk, // copied: RFC 3225 §3
            compactOk: query.edns.compactOk,
            options: [],
          },
  };
}

/** Codes given to one client in one reply, and octets of each text. */
const EDE_COUNT = 3;
const EDE_TEXT_OCTETS = 160;

/** At most three, printable ASCII only: a name in the text may hold any octet. RFC 8914 §2. */
export function presentable(ede: readonly ExtendedError[]): readonly ExtendedError[] {
  const seen = new Set<number>();
  const kept: ExtendedError[] = [];
  for (const { code, text } of ede) {
    if (seen.has(code) || kept.length === EDE_COUNT) continue;
    seen.add(code);
    kept.push({ code, text: text.replace(/[^\x20-\x7e]/g, "?").slice(0, EDE_TEXT_OCTETS) });
  }
  return kept;
}
