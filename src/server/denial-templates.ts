/**
 * Replies that differ in their question alone. Names that one proof denies (dnssec/gap.ts) share an authority section, and
 * so a reply but for the name: it is written once, and copied for the others of the same second.
 */
import type { Answer } from "../dnssec/answer.ts";
import type { RRset } from "../rrset/rrset.ts";
import { HEADER_OCTETS } from "../wire/message.ts";
import { lowestPointer } from "../wire/pointers.ts";
import { EDE } from "../wire/registry.ts";
import type { Reply } from "./reply.ts";
import type { Query } from "./request.ts";
import type { ClientTransport } from "./written.ts";

/** Of one denial: by flags, type and length of the question. */
const VARIANTS = 32;

export interface WrittenReply {
  readonly octets: Uint8Array;
  readonly reply: Reply;
}

interface Template extends WrittenReply {
  readonly second: number;
  /** From here on the question's name is what the records lean on: it must be the same, letter case included. */
  readonly sharedFrom: number;
}

export class DenialTemplates {
  /** By the authority section of the denial. Null: seen once, and perhaps never again. */
  readonly #templates = new WeakMap<readonly RRset[], Map<number, Template | null>>();

  /** `second`: the one in which the reply will be sent, for its TTLs. Null: it must be written. */
  recall(query: Query, answer: Answer, to: ClientTransport, second: number): WrittenReply | null {
    const authority = sharedAuthority(query, answer);
    if (authority === null) return null;
    const template = this.#templates.get(authority)?.get(variantOf(query, to));
    if (template === undefined || template === null || template.second !== second) return null;
    const { wire } = query.question.name;
    for (let at = template.sharedFrom; at < HEADER_OCTETS + wire.length; at++)
      if (template.octets[at] !== wire[at - HEADER_OCTETS]) return null;
    const octets = Buffer.from(template.octets);
    octets[0] = query.id >>> 8;
    octets[1] = query.id;
    octets.set(wire, HEADER_OCTETS);
    const { message, ede } = template.reply;
    return { octets, reply: { message: { ...message, id: query.id, question: [query.question] }, ede } };
  }

  /** What was written for `query`; kept from the second of its kind on. */
  remember(
    query: Query,
    answer: Answer,
    to: ClientTransport,
    { octets, reply, second }: WrittenReply & { readonly second: number },
  ): void {
    const authority = sharedAuthority(query, answer);
    if (authority === null) return;
    const templates = this.#templates.get(authority) ?? new Map<number, Template | null>();
    const variant = variantOf(query, to);
    if (!templates.has(variant)) {
      if (templates.size < VARIANTS) templates.set(variant, null);
      this.#templates.set(authority, templates);
      return;
    }
    templates.set(variant, { octets: octets.slice(), reply, second, sharedFrom: lowestPointer(octets) });
  }
}

/** Null where a reply tells more than its question and this: aliases, a cookie, an identity, padding, another extended error. */
function sharedAuthority({ edns }: Query, { verdict, aliases, ede, freshness }: Answer): readonly RRset[] | null {
  if (verdict.status !== "secure" || verdict.value.kind !== "name error") return null;
  if (aliases.length > 0 || freshness !== undefined) return null;
  if (ede.length !== 1 || ede[0]!.code !== EDE.SYNTHESIZED) return null;
  if (edns !== null && (edns.keepalive || edns.nsid || edns.padded || edns.cookie !== null)) return null;
  return verdict.value.authority;
}

const transports: Readonly<Record<ClientTransport, number>> = { udp: 0, tcp: 1, tls: 2, https: 3 };

/** Of everything that a reply depends on, one number: 2 bits, 5, 16, 8 and 17. */
function variantOf({ rd, ad, cd, question, edns }: Query, to: ClientTransport): number {
  const flags = (rd ? 1 : 0) | (ad ? 2 : 0) | (cd ? 4 : 0) | (edns?.dnssecOk ? 8 : 0) | (edns?.compactOk ? 16 : 0);
  const asked = (question.type << 8) | question.name.wire.length;
  return (((edns?.udpSize ?? 0x10000) * 0x1000000 + asked) * 32 + flags) * 4 + transports[to];
}
