/** Answers that are made here and not in the DNS: never secure, and said to be local. RFC 6761 §5. */
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { RCODE } from "../wire/registry.ts";
import type { AnswerData } from "./answer.ts";
import { type Insecure, mintInsecure } from "./verdict.ts";

export function localAnswerData(
  name: Name,
  zone: Name,
  kind: AnswerData["kind"],
  rrsets: readonly RRset[],
): Insecure<AnswerData> {
  const rcode = kind === "name error" ? RCODE.NXDOMAIN : RCODE.NOERROR;
  return mintInsecure({ kind, name, rrsets, authority: [], rcode }, { kind: "local", cut: zone });
}
