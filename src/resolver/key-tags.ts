/** Which keys are trusted, as their tags: said to the zone's own servers in the name of a question. RFC 8145 §5. */
import type { TrustAnchor } from "../dnssec/anchors.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Question } from "../wire/message.ts";
import { encodeRdata } from "../wire/rdata.ts";
import { CLASS, TYPE } from "../wire/registry.ts";

/** More do not fit into a label; nobody trusts a dozen keys of one zone. */
const TAGS_IN_A_LABEL = 12;

/** `_ta-4f66-9728. NULL` for the root. Null if the name would be too long. */
export function keyTagQuestion(anchor: TrustAnchor): Question | null {
  const tags = trustedTags(anchor).slice(0, TAGS_IN_A_LABEL);
  // RFC 8145 §5.1: lower-case hexadecimal, four digits each, the smallest first.
  const label = ["_ta", ...tags.map((tag) => tag.toString(16).padStart(4, "0"))].join("-");
  const name = anchor.zone.child(label);
  return name === null ? null : { name, type: TYPE.NULL, class: CLASS.IN };
}

/** In ascending order, each once. */
export function trustedTags(anchor: TrustAnchor): readonly number[] {
  const ofKeys = anchor.keys.map((key) => keyTag(encodeRdata(TYPE.DNSKEY, key)));
  return [...new Set([...anchor.ds.map((ds) => ds.keyTag), ...ofKeys])].sort((a, b) => a - b);
}
