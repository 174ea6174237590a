/** What name servers do wrong, one thing each. */
import type { Transport } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import { RCODE, type RRType, TYPE } from "../wire/registry.ts";
import type { LabQuery, LabReply } from "./packets.ts";
import type { Quirk } from "./server.ts";
import type { LabRRset } from "./zone.ts";

type Wanted = (query: LabQuery, transport: Transport) => boolean;

const always: Wanted = () => true;

export const forType =
  (type: RRType): Wanted =>
  (query) =>
    query.question.type === type;

export const overUdp: Wanted = (_, transport) => transport === "udp";

/** Nothing comes back. */
export function silent(when: Wanted = always): Quirk {
  return { meets: (query, transport) => (when(query, transport) ? "silence" : undefined) };
}

/** REFUSED, SERVFAIL, NOTIMP… instead of an answer. */
export function fails(rcode: number, when: Wanted = always): Quirk {
  return { meets: (query, transport) => (when(query, transport) ? { rcode, edns: query.edns !== null } : undefined) };
}

/** A server from before EDNS that takes an OPT RR for a mistake. RFC 6891 §7. */
export const formErrToEdns: Quirk = {
  meets: (query) => (query.edns === null ? undefined : { rcode: RCODE.FORMERR, edns: false }),
};

/** A middlebox that lets no EDNS through. */
export const dropsEdns: Quirk = silent((query) => query.edns !== null);

/** Knows EDNS, not DNSSEC: the DO bit changes nothing, and DS and DNSKEY are types like any other. */
export const ignoresDo: Quirk = {
  replies: (reply) => ({
    ...reply,
    dnssec: false,
    edns: reply.edns === null ? null : { ...reply.edns, dnssecOk: false },
  }),
};

/** The server does not hold the zone that it was given: a lame delegation. */
export const lame: Quirk = fails(RCODE.REFUSED);

/** Sends clients back to the root, as old servers without a zone did. */
export function upwardReferral(rootServers: readonly LabRRset[]): Quirk {
  return {
    replies: (reply) => ({
      ...reply,
      aa: false,
      rcode: RCODE.NOERROR,
      answer: [],
      authority: rootServers,
      additional: [],
    }),
  };
}

/** Truncated over UDP whatever its size. */
export const truncatesAlways: Quirk = {
  replies: (reply, _, transport) =>
    transport === "tcp" ? reply : { ...reply, tc: true, answer: [], authority: [], additional: [] },
};

/** No listener on TCP. */
export const noTcp: Quirk = silent((_, transport) => transport === "tcp");

/** No DNS message at all. */
export function sendsGarbage(when: Wanted = always): Quirk {
  return {
    sends: (octets, query, transport) =>
      when(query, transport) ? new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n") : octets,
  };
}

/** A reply with another id, as a blind guesser sends. */
export function wrongId(when: Wanted = always): Quirk {
  return {
    sends: (octets, query, transport) => {
      if (!when(query, transport)) return octets;
      const other = octets.slice();
      other[0]! ^= 0x55;
      return other;
    },
  };
}

/** A reply to a question that nobody asked. */
export function wrongQuestion(name: Name): Quirk {
  return { replies: (reply) => ({ ...reply, question: reply.question === null ? null : { ...reply.question, name } }) };
}

/** The reply as `change` makes it, where `when` holds. */
export function changes(change: (reply: LabReply, query: LabQuery) => Partial<LabReply>, when: Wanted = always): Quirk {
  return {
    replies: (reply, query, transport) => (when(query, transport) ? { ...reply, ...change(reply, query) } : reply),
  };
}

export function withoutSignatures(rrset: LabRRset): LabRRset {
  return { ...rrset, signatures: [] };
}

export function isDenial(rrset: LabRRset): boolean {
  return rrset.type === TYPE.NSEC || rrset.type === TYPE.NSEC3;
}
