/** From an answer to the picture of its chain of trust. */
import type { Break, ZoneAccount } from "../dnssec/account.ts";
import { accountOf, dsAccounts, signatureAccount } from "../dnssec/accounting.ts";
import type { AliasLink, Answer, AnswerData } from "../dnssec/answer.ts";
import type { Denial, Failure, Proof, ProofPart } from "../dnssec/proof.ts";
import type { Secure, WhyInsecure } from "../dnssec/verdict.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { countedLabels } from "../rrset/canonical.ts";
import { rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { TYPE, typeToText } from "../wire/registry.ts";
import { Canvas, dsNode, signedText, zoneId } from "./canvas.ts";
import { type Denied, denialText } from "./denials.ts";
import { dnsvizNames, dnsvizNamesOf } from "./dnsviz.ts";
import type { Picture, State } from "./picture.ts";
import { dataText, isAlias, notesFrom, shownLines, titleOfBreak, titleOfUnsigned, wrapped } from "./texts.ts";
import { reasonOf, statusInWords, whyInsecure } from "./words.ts";

/** `events`: those of this question, for what happened beside the chain. */
export function pictureOf(answer: Answer, events: readonly ResolutionEvent[] = []): Picture {
  const { verdict, question } = answer;
  const drawing = new Drawing(answer);
  drawing.draw();
  const { canvas } = drawing;
  return {
    question: { name: question.name.toString(), type: typeToText(question.type) },
    status: verdict.status,
    headline: statusInWords(answer),
    reason: {
      code:
        verdict.status === "secure"
          ? "proven"
          : verdict.status === "insecure"
            ? verdict.why.kind
            : verdict.failure.code,
      text: reasonOf(verdict),
      dnsviz: dnsvizNamesOf(verdict),
    },
    zones: canvas.zones,
    nodes: canvas.nodes,
    edges: canvas.edges,
    notes: notesFrom(events),
  };
}

class Drawing {
  readonly canvas = new Canvas();
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  draw(): void {
    const { verdict, aliases } = this.#answer;
    let before: string | null = null;
    for (const link of aliases) {
      const id = this.#alias(link);
      if (id === null) break;
      this.canvas.edge(before, id, "leads", this.#stateOf(link));
      before = id;
    }
    const ends = this.#end();
    const state = verdict.status;
    for (const end of ends) this.canvas.edge(before, end, "leads", state);
    this.canvas.idleKeys();
  }

  #stateOf({ verdict }: AliasLink): State {
    return verdict.status;
  }

  /** What stands at the end of the aliases; the nodes that an alias before them leads to. */
  #end(): readonly string[] {
    const { verdict, question } = this.#answer;
    const denied = { name: "value" in verdict ? verdict.value.name : question.name, type: question.type };
    switch (verdict.status) {
      case "secure":
        return this.#secure(verdict.value, verdict.proof, denied);
      case "insecure":
        return this.#insecure(verdict.value, verdict.why);
      case "bogus":
      case "indeterminate":
        return [this.#broken(verdict.failure, verdict.status)];
    }
  }

  #secure(value: AnswerData, proof: Proof, denied: Omit<Denied, "zone">): readonly string[] {
    const last = this.#partsOfEnd(proof, value);
    const nodes = last.map((part) =>
      this.#part(part, { ...denied, zone: part.zone.zone, type: value.kind === "answer" ? null : denied.type }),
    );
    if (value.kind === "answer") {
      const data = last.filter(({ rrset }) =>
        value.rrsets.some(({ name, type }) => name.equals(rrset.name) && type === rrset.type),
      );
      const ids = data.map(partId);
      for (const id of nodes)
        if (id !== null && !ids.includes(id)) for (const to of ids) this.canvas.edge(id, to, "denies");
      return ids;
    }
    const zone = last[0] === undefined ? null : zoneId(last[0].zone.zone);
    const end = this.#outcome(value, zone, "secure");
    for (const id of nodes) if (id !== null) this.canvas.edge(id, end, "denies");
    return [end];
  }

  /** The parts of a proof that are not an alias's: those were drawn with their alias. */
  #partsOfEnd(proof: Proof, value: AnswerData): readonly ProofPart[] {
    const ofAliases = new Set(
      this.#answer.aliases.flatMap(({ verdict }) => (verdict.status === "secure" ? verdict.proof.parts : [])),
    );
    const own = proof.parts.filter((part) => !ofAliases.has(part));
    // One record may deny for an alias and for the end alike.
    const shared = proof.parts.filter(
      (part) =>
        ofAliases.has(part) &&
        value.authority.some(({ name, type }) => type === part.rrset.type && name.equals(part.rrset.name)),
    );
    return [...own, ...shared].filter(({ rrset }) => rrset.type !== TYPE.SOA);
  }

  #outcome(value: AnswerData, zone: string | null, state: State): string {
    const type = typeToText(this.#answer.question.type);
    return this.canvas.node({
      id: "outcome",
      zone,
      kind: "outcome",
      title: `${value.name} ${type}`,
      lines: [value.kind === "name error" ? "the name does not exist" : `the name has no ${type}`],
      state,
    });
  }

  /** Null for what is not drawn. */
  #part(part: ProofPart, denied: Denied): string | null {
    const { rrset, signature } = part;
    if (rrset.type === TYPE.SOA) return null;
    const account = accountOf(part.zone);
    this.canvas.chain(account);
    const signed = signatureAccount(signature);
    const isDenial = rrset.type === TYPE.NSEC || rrset.type === TYPE.NSEC3;
    const { title, lines } = isDenial ? denialText(rrset, denied) : dataText(rrset);
    const wildcard =
      signature.labels < countedLabels(rrset.name) ? rrset.name.ancestor(signature.labels).wildcard() : null;
    return this.canvas.signed(account, signed, {
      id: partId(part),
      zone: zoneId(account.zone),
      kind: isDenial ? "denial" : isAlias(rrset.type) ? "alias" : "data",
      title,
      lines: [...lines, ...(wildcard === null ? [] : [`made from ${wildcard}`]), signedText(signed)],
      state: "secure",
    });
  }

  #alias({ from, verdict }: AliasLink): string | null {
    switch (verdict.status) {
      case "secure": {
        const { alias } = verdict.value;
        const drawn = verdict.proof.parts.map((part) => ({
          part,
          id: this.#part(part, { name: from, type: null, zone: part.zone.zone }),
        }));
        const own = drawn.find(({ part }) => part.rrset.type === alias.type && part.rrset.name.equals(alias.name));
        const id = own?.id ?? null;
        if (id !== null) for (const other of drawn) if (other.id !== null) this.canvas.edge(other.id, id, "denies");
        return id;
      }
      case "insecure": {
        const { alias } = verdict.value;
        const top = this.#unsigned(verdict.why);
        const { title, lines } = dataText(alias);
        const id = this.canvas.node({
          id: `data ${alias.name} ${alias.type}`,
          zone: this.#zoneBelow(verdict.why, alias.name),
          kind: "alias",
          title,
          lines: [...lines, "not signed"],
          state: "insecure",
        });
        this.canvas.edge(top, id, "then", "insecure");
        return id;
      }
      case "bogus":
      case "indeterminate":
        return null;
    }
  }

  #insecure(value: AnswerData, why: WhyInsecure): readonly string[] {
    const top = this.#unsigned(why);
    const zone = this.#zoneBelow(why, value.name);
    if (value.kind !== "answer") {
      const end = this.#outcome(value, zone, "insecure");
      this.canvas.edge(top, end, "then", "insecure");
      return [end];
    }
    return value.rrsets.map((rrset) => {
      const { title, lines } = dataText(rrset);
      const id = this.canvas.node({
        id: `data ${rrset.name} ${rrset.type}`,
        zone,
        kind: "data",
        title,
        lines: [...lines, "not proven"],
        state: "insecure",
      });
      if (zone !== null || this.#answer.aliases.length === 0) this.canvas.edge(top, id, "then", "insecure");
      return id;
    });
  }

  #zoneBelow({ cut }: WhyInsecure, name: Name): string | null {
    return name.isWithin(cut) ? zoneId(cut) : null;
  }

  /** The end of what is signed: the box that says why, below what proves it. */
  #unsigned(why: WhyInsecure): string {
    const zone = this.#proofOfUnsigned(why);
    this.canvas.zone(why.cut, "insecure");
    const id = this.canvas.node({
      id: `unsigned ${why.cut}`,
      zone: zoneId(why.cut),
      kind: "unsigned",
      title: titleOfUnsigned(why),
      lines: wrapped(whyInsecure(why)),
      state: "insecure",
    });
    for (const from of zone) this.canvas.edge(from, id, "denies", "insecure");
    return id;
  }

  #proofOfUnsigned(why: WhyInsecure): readonly string[] {
    switch (why.kind) {
      case "unsigned delegation":
      case "opt-out":
        return this.#denial(why.denial);
      case "unsupported algorithm":
      case "unsupported digest": {
        const [part] = why.ds.proof.parts;
        if (part === undefined) return [];
        const account = accountOf(part.zone);
        this.canvas.chain(account);
        const signature = signatureAccount(part.signature);
        const ds = dsNode(why.cut, dsAccounts(rdataOf(why.ds.value)), signature, "secure");
        return [this.canvas.signed(account, signature, ds)];
      }
      case "too many iterations":
        return why.account === undefined ? [] : [this.#keysOf(why.account)];
      case "unsupported anchor":
      case "negative trust anchor":
      case "no trust anchor":
      case "unsigned type":
      case "local":
        return [];
    }
  }

  #keysOf(account: ZoneAccount): string {
    this.canvas.chain(account);
    return this.canvas.key(account, account.signature);
  }

  #denial({ value, proof }: Secure<Denial>): readonly string[] {
    return proof.parts.flatMap(
      (part) => this.#part(part, { name: value.name, type: value.type, zone: value.zone }) ?? [],
    );
  }

  #broken(failure: Failure, state: "bogus" | "indeterminate"): string {
    const { question } = this.#answer;
    const place = failure.broken ?? null;
    const asked = `${question.name} ${typeToText(question.type)}`;
    const title = place === null ? asked : titleOfBreak(place, asked);
    const codes = dnsvizNames(failure);
    const zone = place === null ? null : this.#zoneOfBreak(place, state);
    const id = this.canvas.node({
      id: "broken",
      zone,
      kind: "broken",
      title,
      lines: [
        ...wrapped(failure.detail),
        ...(place === null ? [] : shownLines(place, title)),
        ...(codes.length === 0 ? [] : [codes.join(" ")]),
      ],
      state,
    });
    if (place !== null) this.#toBreak(place, id, state);
    if (title === asked) return id;
    const end = this.canvas.node({
      id: "outcome",
      zone: place !== null && question.name.isWithin(place.zone) ? this.canvas.zone(place.zone, state) : null,
      kind: "outcome",
      title: asked,
      lines: ["nothing proves what is said of it"],
      state: "idle",
    });
    this.canvas.edge(id, end, "then", "idle");
    return end;
  }

  #zoneOfBreak({ link, zone, above }: Break, state: State): string {
    if (above !== null) this.canvas.chain(above);
    // A DS is the parent's.
    if (link === "delegation" && above !== null) return zoneId(above.zone);
    return this.canvas.zone(zone, state);
  }

  /** From the last thing that is proven to what is not. */
  #toBreak(place: Break, broken: string, state: State): void {
    const { above, link, zone, ds } = place;
    if (link === "keys" && ds !== null) {
      const node = dsNode(zone, ds.records, ds.signature, "secure");
      const from =
        above === null || ds.signature === null
          ? this.canvas.node({ ...node, kind: "anchor", title: `trust anchor of ${zone}` })
          : this.canvas.signed(above, ds.signature, node);
      this.canvas.edge(from, broken, "names", state);
      return;
    }
    if (above !== null) this.canvas.edge(this.#signerIn(above, place), broken, "signs", state);
  }

  /** The key that the failing signature is by, if the zone has it; else the one that signed its keys. */
  #signerIn(account: ZoneAccount, { shown }: Break): string {
    const claimed = shown?.signatures.find((one) =>
      account.keys.some((key) => key.tag === one.keyTag && key.algorithm === one.algorithm),
    );
    return this.canvas.key(account, claimed ?? account.signature);
  }
}

function partId({ rrset }: ProofPart): string {
  return `data ${rrset.name} ${rrset.type}`;
}
