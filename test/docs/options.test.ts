/** docs/options.md is made from the tables; `ROOTWALK_WRITE_DOCS=1 npx vitest run --config test/vitest.config.ts test/docs` writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { expect, test } from "vitest";
import { type NumberRow, optionTable, type SwitchRow, settingsWith } from "../../src/resolver/options.ts";

const file = new URL("../../docs/options.md", import.meta.url);

function page(): string {
  const rows = Object.entries(optionTable).map(([key, row]: [string, NumberRow | SwitchRow]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const value = row.kind === "switch" ? (row.value ? "on" : "off") : `${row.value}${unitText(row.unit)}`;
    const range = row.kind === "switch" ? "" : `${row.min} to ${row.max}`;
    return `| \`${key}\` | \`${flag}\` | ${value} | ${range} | ${row.why} |`;
  });
  return `# Options

Made from the table in \`src/resolver/options.ts\`. Each is a setting of \`createResolver({ settings: { … } })\` and a flag of
\`rootwalk serve\` and \`rootwalk query\`; a value out of range is refused with its name and range.

| setting | flag | default | range | what and why |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function unitText(unit: NumberRow["unit"]): string {
  return unit === "count" ? "" : ` ${unit}`;
}

test("docs/options.md says what the table says", () => {
  if (env["ROOTWALK_WRITE_DOCS"] === "1") writeFileSync(file, page());
  expect(readFileSync(file, "utf8")).toBe(page());
});

test.each(Object.entries(optionTable) as [string, NumberRow | SwitchRow][])(
  "%s: the default lies in its range",
  (_, row) => {
    if (row.kind === "number") expect(row.value >= row.min && row.value <= row.max).toBe(true);
  },
);

test("a value out of range is refused with option, value and range", () => {
  expect(() => settingsWith({ aliasSteps: 0 })).toThrow("option aliasSteps is 0: a whole number from 1 to 64 expected");
  expect(() => settingsWith({ aliasSteps: 1.5 })).toThrow(RangeError);
  expect(() => settingsWith({ ipv4: 1 as unknown as boolean })).toThrow("true or false expected");
  expect(() => settingsWith({ nonsense: 1 } as object)).toThrow('there is no option "nonsense"');
});
