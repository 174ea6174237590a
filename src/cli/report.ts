/** One answer for people: in the manner of dig, with status and reasons in words. Comment lines begin with a semicolon. */
import type { AliasLink, Answer } from "../dnssec/answer.ts";
import {
  chainOf,
  chainStepText,
  edeInWords,
  outcomeInWords,
  proofOf,
  reasonOf,
  statusInWords,
} from "../picture/words.ts";
import { rcodeToText, typeToText } from "../wire/registry.ts";
import { recordLines, recordTexts } from "./records.ts";

export interface ReportOptions {
  readonly elapsedMs: number;
  /** Show RRSIG, and the denial records. */
  readonly dnssec: boolean;
}

export function report(answer: Answer, options: ReportOptions): string {
  const { question, verdict } = answer;
  const lines = [
    `; ${question.name} ${typeToText(question.type)}`,
    `; ${statusInWords(answer)}`,
    `;   ${reasonOf(verdict)}`,
    ...edeLines(answer),
    `; ${rcodeToText(answer.rcode)}, ${outcomeInWords(answer)}${ttlText(answer)}, ${Math.round(options.elapsedMs)} ms`,
  ];
  for (const [i, link] of answer.aliases.entries()) lines.push(`; alias ${i + 1}: ${linkText(link)}`);
  const records = recordSection(answer, options);
  if (records.length > 0) lines.push("", ...records);
  const proof = proofSection(answer);
  if (proof.length > 0) lines.push("", ...proof);
  return `${lines.join("\n")}\n`;
}

/** The text is left out where the line above says it already. */
function edeLines({ ede, verdict }: Answer): readonly string[] {
  const said = reasonOf(verdict);
  return ede.map(({ code, text }) => `;   ${edeInWords(code, text === said ? "" : text)}`);
}

function ttlText(answer: Answer): string {
  return answer.verdict.status === "secure" || answer.verdict.status === "insecure" ? `, good for ${answer.ttl} s` : "";
}

function linkText(link: AliasLink): string {
  const { verdict } = link;
  const arrow = `${link.from} -> ${link.to}`;
  switch (verdict.status) {
    case "secure":
      return `${arrow} ${typeToText(verdict.value.alias.type)}, secure`;
    case "insecure":
      return `${arrow} ${typeToText(verdict.value.alias.type)}, insecure: ${reasonOf(verdict)}`;
    case "bogus":
    case "indeterminate":
      return `${arrow}, ${verdict.status}: ${reasonOf(verdict)}`;
  }
}

function recordSection(answer: Answer, { dnssec }: ReportOptions): readonly string[] {
  const { verdict } = answer;
  if (verdict.status !== "secure" && verdict.status !== "insecure") return [];
  const signatures = dnssec ? "with signatures" : "data only";
  const links = answer.aliases.flatMap((link) =>
    link.verdict.status === "secure" || link.verdict.status === "insecure" ? [link.verdict.value] : [],
  );
  const lines = [
    ...recordLines(recordTexts([...links.map((link) => link.alias), ...verdict.value.rrsets], signatures)),
  ];
  if (dnssec) {
    const authority = [...links.flatMap((link) => link.authority), ...verdict.value.authority];
    if (authority.length > 0)
      lines.push("", "; proof of what does not exist", ...recordLines(recordTexts(authority, signatures)));
  }
  return lines;
}

function proofSection(answer: Answer): readonly string[] {
  const proof = proofOf(answer.verdict);
  if (proof === null) return [];
  const steps = chainOf(proof);
  const width = Math.max(...steps.map((step) => step.zone.length));
  return ["; proven by", ...steps.map((step) => `;   ${step.zone.padEnd(width)}  ${chainStepText(step)}`)];
}
