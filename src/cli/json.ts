/** One answer for programs. The shape is part of rootwalk's interface: fields are added, never renamed or removed. */
import type { Answer } from "../dnssec/answer.ts";
import type { Verdict } from "../dnssec/verdict.ts";
import { type ChainStep, chainOf, proofOf, reasonOf } from "../picture/words.ts";
import { edeText, rcodeToText, typeToText } from "../wire/registry.ts";
import { type RecordText, recordTexts } from "./records.ts";

export interface AnswerJson {
  readonly question: { readonly name: string; readonly type: string };
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
  /** What AD would say: every alias link and the data are secure. */
  readonly authenticated: boolean;
  /** "answer", "no data" or "name error"; null if bogus or indeterminate. */
  readonly outcome: string | null;
  readonly rcode: string;
  readonly reason: Reason;
  readonly ede: readonly { readonly code: number; readonly name: string; readonly text: string }[];
  /** Seconds for which the answer may be used; null if there is none. */
  readonly ttl: number | null;
  /** ISO 8601, UTC: when the first signature of the proof expires. */
  readonly validUntil: string | null;
  readonly aliases: readonly {
    readonly from: string;
    readonly to: string;
    /** "CNAME" or "DNAME"; null if the link itself is bogus or indeterminate. */
    readonly type: string | null;
    readonly status: string;
    readonly reason: Reason;
  }[];
  /** Data as in zone files, alias records first. With `--dnssec` RRSIGs stand behind what they sign. */
  readonly answer: readonly RecordText[];
  /** SOA and denial records; only with `--dnssec`. */
  readonly authority: readonly RecordText[];
  /** The zones of the proof from the trust anchor down; empty if nothing signed proves the status. */
  readonly chain: readonly ChainStep[];
  readonly elapsedMs: number;
}

interface Reason {
  /** A word that does not change: "proven", a kind of insecurity, or a failure code. */
  readonly code: string;
  /** A sentence for people. */
  readonly text: string;
}

export interface JsonOptions {
  readonly elapsedMs: number;
  readonly dnssec: boolean;
}

export function answerJson(answer: Answer, { elapsedMs, dnssec }: JsonOptions): AnswerJson {
  const { question, verdict } = answer;
  const data = verdict.status === "secure" || verdict.status === "insecure" ? verdict.value : null;
  const signatures = dnssec ? "with signatures" : "data only";
  const links = answer.aliases.flatMap((link) =>
    link.verdict.status === "secure" || link.verdict.status === "insecure" ? [link.verdict.value] : [],
  );
  const proof = proofOf(verdict);
  return {
    question: { name: question.name.toString(), type: typeToText(question.type) },
    status: verdict.status,
    authenticated: answer.authenticated,
    outcome: data?.kind ?? null,
    rcode: rcodeToText(answer.rcode),
    reason: reason(verdict),
    ede: answer.ede.map(({ code, text }) => ({ code, name: edeText(code), text })),
    ttl: data === null ? null : answer.ttl,
    validUntil: answer.validUntil === null ? null : new Date(answer.validUntil * 1000).toISOString(),
    aliases: answer.aliases.map((link) => ({
      from: link.from.toString(),
      to: link.to.toString(),
      type:
        link.verdict.status === "secure" || link.verdict.status === "insecure"
          ? typeToText(link.verdict.value.alias.type)
          : null,
      status: link.verdict.status,
      reason: reason(link.verdict),
    })),
    answer: data === null ? [] : recordTexts([...links.map((link) => link.alias), ...data.rrsets], signatures),
    authority:
      data === null || !dnssec
        ? []
        : recordTexts([...links.flatMap((link) => link.authority), ...data.authority], signatures),
    chain: proof === null ? [] : chainOf(proof),
    elapsedMs: Math.round(elapsedMs),
  };
}

function reason(verdict: Verdict<unknown>): Reason {
  const text = reasonOf(verdict);
  switch (verdict.status) {
    case "secure":
      return { code: "proven", text };
    case "insecure":
      return { code: verdict.why.kind, text };
    case "bogus":
    case "indeterminate":
      return { code: verdict.failure.code, text };
  }
}
