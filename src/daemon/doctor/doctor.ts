/** `rootwalk doctor`: everything between a mail server and proven answers, looked at once. */
import { wrapped } from "../../picture/texts.ts";
import type { Examined, Finding, Level } from "./finding.ts";
import { examineExim, examinePostfix } from "./mail-servers.ts";
import { examineWayOut } from "./outside.ts";
import { examineNsswitch, examineResolvConf } from "./resolv-conf.ts";
import { examineResolver } from "./resolver.ts";

/** In the order in which they are told. */
export const departments = {
  system: "resolv.conf and nsswitch.conf of this machine",
  mail: "Postfix and Exim",
  resolver: "the resolver: answers, AD, clock, trust anchors",
  outside: "the way to the root's servers",
} as const;

export type Department = keyof typeof departments;

export interface Report {
  readonly department: Department;
  readonly findings: readonly Finding[];
}

export async function examine(examined: Examined, wanted: readonly Department[]): Promise<readonly Report[]> {
  return Promise.all(
    wanted.map(async (department) => ({ department, findings: await findingsOf(department, examined) })),
  );
}

async function findingsOf(department: Department, examined: Examined): Promise<readonly Finding[]> {
  switch (department) {
    case "system":
      return [...examineResolvConf(examined), ...examineNsswitch(examined)];
    case "mail":
      return [...(await examinePostfix(examined)), ...(await examineExim(examined))];
    case "resolver":
      return examineResolver(examined);
    case "outside":
      return examineWayOut(examined);
  }
}

const grave: readonly Level[] = ["fine", "skipped", "note", "warning", "problem"];

export function worstOf(reports: readonly Report[]): Level {
  const levels = reports.flatMap(({ findings }) => findings.map(({ level }) => level));
  return levels.reduce<Level>((worst, level) => (grave.indexOf(level) > grave.indexOf(worst) ? level : worst), "fine");
}

const marks: Readonly<Record<Level, string>> = {
  fine: "ok     ",
  skipped: "-      ",
  note: "note   ",
  warning: "WARNING",
  problem: "PROBLEM",
};

export function reportText(reports: readonly Report[]): string {
  const lines = reports.flatMap(({ department, findings }) => [
    `${departments[department]}`,
    ...findings.flatMap((finding) => findingLines(finding)),
    "",
  ]);
  const count = (level: Level): number =>
    reports.flatMap(({ findings }) => findings).filter((one) => one.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  lines.push(
    problems + warnings === 0 ? "all is well" : `${plural(problems, "problem")}, ${plural(warnings, "warning")}`,
  );
  return `${lines.join("\n")}\n`;
}

const WIDTH = 96;
const INDENT = "           ";

function findingLines({ level, found, means, todo }: Finding): readonly string[] {
  return [
    ...hanging(`  ${marks[level]}  `, found),
    ...(means === null ? [] : hanging(`${INDENT}which means: `, means)),
    ...(todo === null ? [] : hanging(`${INDENT}what to do:  `, todo)),
  ];
}

/** What follows the first line stands below its text. */
function hanging(head: string, text: string): readonly string[] {
  const [first = "", ...rest] = wrapped(text, WIDTH);
  return [`${head}${first}`, ...rest.map((line) => `${" ".repeat(head.length)}${line}`)];
}
