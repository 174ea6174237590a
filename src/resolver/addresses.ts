/** Addresses of name servers, looked up like everything else, within bounds of their own. NXNSAttack, TsuNAME. */
import type { Answer } from "../dnssec/answer.ts";
import { addressFromRdata } from "../wire/address.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { CLASS, type RRType, TYPE } from "../wire/registry.ts";
import type { AddressBook } from "./fetcher.ts";
import type { Settings } from "./options.ts";
import type { Task } from "./session.ts";

export class AddressLookup implements AddressBook {
  readonly #settings: Settings;
  readonly #cached: (question: Question) => Answer | undefined;
  readonly #follow: (question: Question, task: Task) => Promise<Answer>;

  constructor(
    settings: Settings,
    by: {
      readonly cached: (question: Question) => Answer | undefined;
      readonly follow: (question: Question, task: Task) => Promise<Answer>;
    },
  ) {
    this.#settings = settings;
    this.#cached = by.cached;
    this.#follow = by.follow;
  }

  known(server: Name): readonly string[] {
    const found: string[] = [];
    for (const type of this.#types()) {
      const answer = this.#cached(addressQuestion(server, type));
      if (answer !== undefined) found.push(...addressesIn(answer));
    }
    return found;
  }

  /** The first family that has any; never rejects. */
  async lookUp(server: Name, task: Task): Promise<readonly string[]> {
    const { session } = task;
    const { addressDepth, nsLookupsFailed } = this.#settings;
    if (task.depth >= addressDepth || session.failedNsLookups >= nsLookupsFailed) {
      session.refuse(task.depth >= addressDepth ? "addressDepth" : "nsLookupsFailed");
      return [];
    }
    if (!session.work.take("nsLookups")) return [];
    for (const type of this.#types()) {
      const answer = await this.#follow(addressQuestion(server, type), { ...task, depth: task.depth + 1 });
      const found = addressesIn(answer);
      if (found.length > 0) return found;
      if (task.signal.aborted) return [];
    }
    session.failedNsLookups += 1;
    return [];
  }

  #types(): readonly RRType[] {
    const { ipv4, ipv6 } = this.#settings;
    return [...(ipv4 ? [TYPE.A] : []), ...(ipv6 ? [TYPE.AAAA] : [])];
  }
}

const addressQuestion = (name: Name, type: RRType): Question => ({ name, type, class: CLASS.IN });

/** Bogus addresses are none (CVE-2026-50243). */
function addressesIn(answer: Answer): string[] {
  const { verdict } = answer;
  if (verdict.status !== "secure" && verdict.status !== "insecure") return [];
  return verdict.value.rrsets.flatMap((rrset) => rrset.data.map((data) => addressFromRdata(rrset.type, data)));
}
