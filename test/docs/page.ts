/** Pages of docs/, for the tests that hold them to what there is. */
import { readFileSync, writeFileSync } from "node:fs";

const urlOf = (name: string): URL => new URL(`../../docs/${name}`, import.meta.url);

/** The pages that are made are to be written, not compared. */
export const isWriting: boolean = process.env["ROOTWALK_WRITE_DOCS"] === "1";

export const pageOf = (name: string): string => readFileSync(urlOf(name), "utf8");

export const writePage = (name: string, text: string): void => writeFileSync(urlOf(name), text);

/** What it shows in one of these languages: "ts". */
export function shownOn(name: string, ...languages: readonly string[]): readonly string[] {
  const blocks = pageOf(name).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].filter(([, language]) => languages.includes(language!)).map(([, , code]) => code!);
}
