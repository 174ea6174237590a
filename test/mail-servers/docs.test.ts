/** docs/mail-servers.md shows the code that the tests run, to the letter. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { shownOn } from "../docs/page.ts";

const examples = new URL("./examples/", import.meta.url);
const shown = shownOn("mail-servers.md", "ts", "js");

it.each(readdirSync(examples))("%s stands on the page", (file) => {
  expect(shown).toContain(readFileSync(new URL(file, examples), "utf8"));
});

it("nothing else stands there", () => expect(shown).toHaveLength(readdirSync(examples).length));
