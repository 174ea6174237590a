/** Does an upstream question fit a template? FORMAT.md §2.1. */
import type { Ask } from "../../src/env/env.ts";
import { OPCODE, RCODE } from "../../src/wire/registry.ts";
import type { Dialect, Entry } from "./scenario.ts";

export function matchesAsk(entry: Entry, ask: Ask, dialect: Dialect): boolean {
  for (const word of entry.match.words) if (!holds(word, entry, ask, dialect)) return false;
  return entry.match.ede === null;
}

function holds(word: string, entry: Entry, ask: Ask, dialect: Dialect): boolean {
  const [wanted] = entry.question;
  // Deckard compares no question with a template that has none
  const lenient = dialect === "deckard" && wanted === undefined;
  const sameName = lenient || wanted?.name.equals(ask.question.name) === true;
  const sameType = lenient || wanted?.type === ask.question.type;
  switch (word) {
    case "opcode":
      return entry.opcode === OPCODE.QUERY;
    case "qname":
    case "qcase":
      return sameName;
    case "qtype":
      return sameType;
    case "question":
    case "all":
    case "all_noedns":
      return sameName && sameType;
    case "subdomain":
      return wanted !== undefined && ask.question.name.isWithin(wanted.name);
    case "rcode":
      return entry.rcode === RCODE.NOERROR;
    case "do":
    case "edns":
      return ask.edns !== null;
    case "noedns":
      return ask.edns === null;
    case "udp":
    case "tcp":
      return ask.transport === word;
    // questions of ours have none of these, and their header is not the world's concern
    case "flags":
    case "answer":
    case "authority":
    case "additional":
    case "ttl":
      return true;
    case "ednsdata":
      return (entry.edns?.options.length ?? 0) === 0;
    case "co":
    case "nsid":
    case "client_cookie":
    case "server_cookie":
      return false;
    default:
      throw new Error(`MATCH word "${word}" was read but has no meaning`);
  }
}
