/** Is a message that came the answer to the question that went out? RFC 5452 §9.1; RFC 7766 §7 on streams. */

import type { Transport } from "../env/env.ts";
import { WireError } from "../wire/cursor.ts";
import { decodeMessage, type Message } from "../wire/message.ts";

export interface Expected {
  /** The query as it was sent: its id, and at octet 12 its one question, uncompressed. */
  readonly query: Uint8Array;
  readonly transport: Transport;
  /** "as sent" when the case of letters was random: they are then a second id (draft-vixie-dnsext-dns0x20). */
  readonly letters: "as sent" | "any case";
}

export type Match =
  | { readonly kind: "ours"; readonly message: Message }
  /** From where we asked, shaped as an answer, but with the wrong id or case of letters: ask by TCP. RFC 5452 §9.3. */
  | { readonly kind: "near miss" }
  | { readonly kind: "foreign"; readonly why: string };

const HEADER_OCTETS = 12;
const nearMiss: Match = { kind: "near miss" };
const foreign = (why: string): Match => ({ kind: "foreign", why });

/** Cheap checks first: nothing is decoded but what bears our id and our question, so a flood costs little. */
export function matchAnswer(octets: Uint8Array, expected: Expected): Match {
  if (octets.length < HEADER_OCTETS) return foreign(`${octets.length} octets, less than a header`);
  if ((octets[2]! & 0x80) === 0) return foreign("a question, not an answer");
  if ((octets[2]! & 0x78) !== 0) return foreign(`opcode ${(octets[2]! >> 3) & 15}`);
  if (u16(octets, 0) !== u16(expected.query, 0)) return nearMiss;
  const questions = u16(octets, 4);
  // Over UDP nothing but id and port vouches for an answer without a question: it waits for a better one (ATTACKS A-79).
  // RFC 7766 §7: on a stream such an answer is the server's own.
  const refusesUnread = questions === 0 && expected.transport === "tcp" && (octets[3]! & 15) !== 0;
  if (questions !== 1 && !refusesUnread) return foreign(`${questions} questions`);
  if (questions === 1) {
    const same = compareQuestions(octets, expected.query);
    if (same === "other") return foreign("another question");
    if (same === "other case" && expected.letters === "as sent") return nearMiss;
  }
  return decode(octets);
}

function decode(octets: Uint8Array): Match {
  try {
    return { kind: "ours", message: decodeMessage(octets) };
  } catch (error) {
    if (error instanceof WireError) return foreign(`malformed: ${error.message}`);
    throw error;
  }
}

/** Compares name, type and class as octets. The first question cannot be compressed: nothing stands before it. */
function compareQuestions(answer: Uint8Array, query: Uint8Array): "same" | "other case" | "other" {
  let end = HEADER_OCTETS;
  while (query[end] !== 0) end += query[end]! + 1;
  end += 1;
  if (answer.length < end + 4) return "other";
  for (let at = end; at < end + 4; at++) if (answer[at] !== query[at]) return "other";
  let same = true;
  for (let at = HEADER_OCTETS; at < end; at++) {
    if (answer[at] === query[at]) continue;
    if (lower(answer[at]!) !== lower(query[at]!)) return "other";
    same = false;
  }
  return same ? "same" : "other case";
}

/** Length octets are at most 63, below "A". */
const lower = (octet: number): number => (octet >= 0x41 && octet <= 0x5a ? octet + 32 : octet);

const u16 = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;
