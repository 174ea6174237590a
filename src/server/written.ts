/** A reply as octets: how large it may be, what is left out first, and padding. RFC 6891 §6.2.5, RFC 9715 §3, RFC 7830. */
import type { Transport } from "../env/env.ts";
import { type EdnsOption, edeOption, optSize } from "../wire/edns.ts";
import { encodeMessage, type Message } from "../wire/message.ts";
import { OPTION } from "../wire/registry.ts";
import type { ServerLimits } from "./limits.ts";
import { presentable, type Reply } from "./reply.ts";
import type { Query } from "./request.ts";

/** How a client speaks to us: TLS and HTTPS are RFC 7858 and RFC 8484. */
export type ClientTransport = Transport | "tls" | "https";

export interface Writing {
  readonly to: ClientTransport;
  readonly limits: ServerLimits;
  /** Beside extended errors and padding. */
  readonly options: readonly EdnsOption[];
}

export function written(query: Query, reply: Reply, { to, limits, options }: Writing): Uint8Array {
  const maxSize = largestReply(query, to, limits);
  if (query.edns === null) return encodeMessage(reply.message, { maxSize });
  const ede = presentable(reply.ede);
  // RFC 7830 §3, §6: only where nobody can look inside, and only for a client that pads, too.
  const pads = query.edns.padded && (to === "tls" || to === "https");
  const encode = (all: readonly EdnsOption[]): Uint8Array => {
    const message = withOptions(reply.message, all);
    return pads ? padded(message, maxSize) : encodeMessage(message, { maxSize });
  };
  const whole = encode([...options, ...ede.map(edeOption)]);
  if (ede.length === 0 || (whole.length <= maxSize && !isTruncated(whole))) return whole;
  // The codes matter more than their texts, and the records more than either.
  return encode([...options, ...ede.map(({ code }) => edeOption({ code, text: "" }))]);
}

function withOptions(message: Message, options: readonly EdnsOption[]): Message {
  return message.edns === null ? message : { ...message, edns: { ...message.edns, options } };
}

function isTruncated(octets: Uint8Array): boolean {
  return (octets[2]! & 0x02) !== 0;
}

/** RFC 8467 §4.1: answers come in sizes that are multiples of this, so that their size tells little. */
const PADDING_BLOCK = 468;
/** Code and length of an option. */
const OPTION_HEAD = 4;

/** The OPT record stands last, so padding is put behind what was written. */
function padded(message: Message, maxSize: number): Uint8Array {
  const room = maxSize - OPTION_HEAD;
  const bare = encodeMessage(message, { maxSize: room });
  const wanted = Math.ceil((bare.length + OPTION_HEAD) / PADDING_BLOCK) * PADDING_BLOCK;
  const octets = new Uint8Array(Math.min(wanted, Math.max(maxSize, bare.length + OPTION_HEAD)));
  octets.set(bare);
  const view = new DataView(octets.buffer);
  view.setUint16(bare.length, OPTION.PADDING);
  view.setUint16(bare.length + 2, octets.length - bare.length - OPTION_HEAD);
  const lengthAt = bare.length - optSize(message.edns!) + 9; // behind owner, type, class and TTL
  view.setUint16(lengthAt, view.getUint16(lengthAt) + octets.length - bare.length);
  return octets;
}

/** RFC 6891 §6.2.5: 512 without EDNS. RFC 9715 §3: 1232 at most, however much the client would take. */
function largestReply(query: Query, to: ClientTransport, limits: ServerLimits): number {
  switch (to) {
    case "udp":
      return Math.min(query.edns?.udpSize ?? 512, limits.udpPayload);
    case "tcp":
    case "tls":
    case "https":
      return 65535;
  }
}
