/**
 * Addresses of the inner network that a public name claims to have: a page from outside would talk to machines inside
 * (DNS rebinding). Unproven ones are left out; a proven RRset cannot be cut without breaking its proof, so it is refused.
 */
import type { Link } from "../cache/answers.ts";
import { failure } from "../dnssec/proof.ts";
import { indeterminate } from "../dnssec/verdict.ts";
import { insecureWithout } from "../dnssec/views.ts";
import type { RRset } from "../rrset/rrset.ts";
import { isWithinAny, type Network, octetsToAddress, parseNetwork } from "../wire/address.ts";
import type { Name } from "../wire/name.ts";
import { EDE, type RRType, TYPE } from "../wire/registry.ts";
import type { Unchecked } from "./api.ts";

export class PrivateAddresses {
  readonly #networks: readonly Network[];
  readonly #domains: readonly Name[];

  /** TypeError that quotes a prefix that is none. */
  constructor(prefixes: readonly string[], domains: readonly Name[]) {
    this.#networks = prefixes.map((text) => {
      const network = parseNetwork(text);
      if (network === null) throw new TypeError(`"${text}" is no prefix: write 10.0.0.0/8 or fd00::/8`);
      return network;
    });
    this.#domains = domains;
  }

  /** The link as it may be given out. */
  filter(link: Link): Link {
    if (this.#networks.length === 0 || link.kind === "alias" || !("value" in link.verdict)) return link;
    const { verdict } = link;
    const found = this.#firstIn(verdict.value.rrsets);
    if (found === null) return link;
    const { name } = verdict.value;
    const text = `${name} has the private address ${found}`;
    switch (verdict.status) {
      case "insecure": {
        const left = insecureWithout(verdict, (type, data) => this.#isUnwanted(type, data));
        return { ...link, verdict: left, notes: [...link.notes, { code: EDE.BLOCKED, text }] };
      }
      case "secure":
        return { kind: "end", verdict: indeterminate(failure("private address", name, text)), notes: [] };
    }
  }

  /** Nobody judged it, so nothing is lost by leaving records out. */
  filterUnchecked(found: Unchecked): Unchecked {
    const first = this.#networks.length === 0 ? null : this.#firstIn(found.answer);
    if (first === null) return found;
    const answer: RRset[] = [];
    for (const rrset of found.answer) {
      const mayStay = this.#isExempt(rrset.name);
      const [head, ...rest] = rrset.data.filter((data) => mayStay || !this.#isUnwanted(rrset.type, data));
      if (head !== undefined) answer.push({ ...rrset, data: [head, ...rest] });
    }
    const text = `${found.question.name} has the private address ${first}`;
    return { ...found, answer, ede: [...found.ede, { code: EDE.BLOCKED, text }] };
  }

  #firstIn(rrsets: readonly RRset[]): string | null {
    for (const rrset of rrsets) {
      if (this.#isExempt(rrset.name)) continue;
      const found = rrset.data.find((data) => this.#isUnwanted(rrset.type, data));
      if (found !== undefined) return octetsToAddress(found);
    }
    return null;
  }

  #isExempt(name: Name): boolean {
    return this.#domains.some((domain) => name.isWithin(domain));
  }

  #isUnwanted(type: RRType, data: Uint8Array): boolean {
    return (type === TYPE.A || type === TYPE.AAAA) && isWithinAny(data, this.#networks);
  }
}
