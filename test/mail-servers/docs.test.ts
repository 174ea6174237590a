/** docs/mail-servers.md shows the code that the tests run, to the letter. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const examples = new URL("./examples/", import.meta.url);
const page = readFileSync(new URL("../../docs/mail-servers.md", import.meta.url), "utf8");
const shown = [...page.matchAll(/```(?:ts|js)\n([\s\S]*?)```/g)].map(([, code]) => code);

it.each(readdirSync(examples))("%s stands on the page", (file) => {
  expect(shown).toContain(readFileSync(new URL(file, examples), "utf8"));
});

it("nothing else stands there", () => expect(shown).toHaveLength(readdirSync(examples).length));
