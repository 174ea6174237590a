/** docs/options.md is made from the tables; `ROOTWALK_WRITE_DOCS=1 npx vitest run --config test/vitest.config.ts test/docs` writes it. */
import { expect, test } from "vitest";
import { type Key, keys } from "../../src/daemon/keys.ts";
import { zoneTables } from "../../src/daemon/zone-tables.ts";
import { type NumberRow, optionTable, type SwitchRow, settingsWith } from "../../src/resolver/options.ts";
import { isWriting, pageOf, writePage } from "./page.ts";

function page(): string {
  const settings = Object.entries(optionTable).map(([key, row]: [string, NumberRow | SwitchRow]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const value = row.kind === "switch" ? (row.value ? "on" : "off") : `${row.value}${unitText(row.unit)}`;
    const range = row.kind === "switch" ? "" : `${row.min} to ${row.max}`;
    return `| \`${key}\` | \`${flag}\` | ${value} | ${range} | ${row.why} |`;
  });
  const section = (name: Key["section"]): string =>
    keys
      .filter((key) => key.section === name)
      .map(daemonRow)
      .join("\n");
  const zones = Object.entries(zoneTables).flatMap(([table, fields]) =>
    Object.entries(fields).map(([field, why]) => `| \`[[${table}]]\` | \`${field}\` | ${why} |`),
  );
  return `# Options

Made from the tables in \`src/daemon/options.ts\`, \`src/server/limits.ts\` and \`src/resolver/options.ts\`; a value that cannot
be used is refused with its key, itself and the allowed range.

Of \`rootwalk serve\`, each key is a flag (\`--log-level warn\`), a variable (\`ROOTWALK_LOG_LEVEL=warn\`; lists with blanks or
commas between) and a line of the configuration file (\`log-level = "warn"\`), in this order of precedence. A switch is turned
off by \`--no-…\`. "Changed by reload" says what a change does when the file is read again ([daemon.md](daemon.md)).

## The daemon

Above all sections of the file.

| key | value | default | changed by reload | what and why |
|---|---|---|---|---|
${section("options")}

## What clients are granted

In the section \`[limits]\` of the file.

| key | value | default | changed by reload | what and why |
|---|---|---|---|---|
${section("limits")}

## Zones

Tables of the file, each as often as needed.

| table | key | what and why |
|---|---|---|
${zones.join("\n")}

## The resolver

Each is a setting of \`createResolver({ settings: { … } })\`, a flag of \`rootwalk serve\` and \`rootwalk query\`, and a line in
the section \`[settings]\` of the file, spelled like the flag. A change makes a new resolver.

| setting | flag | default | range | what and why |
|---|---|---|---|---|
${settings.join("\n")}
`;
}

function daemonRow({ name, row }: Key): string {
  const cells = (value: string, standard: string): string =>
    `| \`${name}\` | ${value} | ${standard} | ${appliesText[row.applies]} | ${row.why} |`;
  switch (row.kind) {
    case "switch":
      return cells("true or false", String(row.value));
    case "number":
      return cells(`${row.min} to ${row.max}`, `${row.value}${unitText(row.unit)}`);
    case "choice":
      return cells(row.choices.join(", "), row.value);
    case "list":
      return cells(`list of ${row.shape}`, "");
    case "text":
      return cells(row.shape, row.value ?? "");
  }
}

const appliesText = { live: "at once", sockets: "new sockets", resolver: "new resolver", restart: "needs a restart" };

function unitText(unit: NumberRow["unit"]): string {
  return unit === "count" ? "" : ` ${unit}`;
}

test("docs/options.md says what the tables say", () => {
  if (isWriting) writePage("options.md", page());
  expect(pageOf("options.md")).toBe(page());
});

test("no two keys have the same flag", () => {
  expect(keys.map(({ name }) => name).filter((name, i, all) => all.indexOf(name) !== i)).toEqual([]);
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
