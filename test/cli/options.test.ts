import { describe, expect, it } from "vitest";
import { type OptionRows, UsageError } from "../../src/cli/command.ts";
import { closest, parseOptions, settingFlag, settingRows, settingsFrom } from "../../src/cli/options.ts";
import { optionTable, type Settings, settingsWith } from "../../src/resolver/options.ts";

const rows: OptionRows = {
  listen: { value: "ADDR", repeatable: true, why: "" },
  reverse: { value: "ADDR", short: "x", why: "" },
  json: { value: null, why: "" },
};

describe("argv", () => {
  it("options in both spellings, operands between them", () => {
    const given = parseOptions(["--listen", "a", "name", "--listen=b", "-x", "1.2.3.4", "TYPE", "--json"], rows);
    expect(given.operands).toEqual(["name", "TYPE"]);
    expect(given.texts("listen")).toEqual(["a", "b"]);
    expect(given.text("listen")).toBe("b");
    expect(given.text("reverse")).toBe("1.2.3.4");
    expect(given.on("json")).toBe(true);
    expect(given.on("listen")).toBe(true);
    expect(given.text("absent")).toBeUndefined();
    expect(given.texts("absent")).toEqual([]);
  });

  it("after -- everything is an operand", () => {
    expect(parseOptions(["--", "--json", "-x"], rows).operands).toEqual(["--json", "-x"]);
  });

  it.each([
    [["--jsn"], "there is no option --jsn; --json perhaps"],
    [["--zebra"], "there is no option --zebra"],
    [["-q"], "there is no option -q"],
    [["--json=yes"], '--json takes no value, and "yes" was given'],
    [["--listen"], "--listen needs a value: --listen ADDR"],
    [["--constructor"], "there is no option --constructor"],
    [["--__proto__"], "there is no option --__proto__"],
  ])("%j is one clear line", (args, line) => {
    expect(() => parseOptions(args, rows)).toThrow(new UsageError(line));
  });
});

describe("settings as flags", () => {
  it("every row of the option table has one, named alike", () => {
    expect(settingFlag("queryPrivate")).toBe("query-private");
    expect(settingFlag("totalTimeoutMs")).toBe("total-timeout-ms");
    expect(settingFlag("ipv6")).toBe("no-ipv6");
    expect(Object.keys(settingRows)).toHaveLength(Object.keys(optionTable).length);
    for (const flag of Object.keys(settingRows)) expect(flag).toMatch(/^[a-z0-9-]+$/);
  });

  it("only what was given changes", () => {
    const settings = settingsFrom(
      parseOptions(["--query-private", "--total-timeout-ms", "4000", "--no-ipv6"], settingRows),
    );
    expect(settings).toEqual({ queryPrivate: true, totalTimeoutMs: 4000, ipv6: false });
    expect(settingsFrom(parseOptions([], settingRows))).toEqual({});
  });

  it("each of them is accepted by the resolver", () => {
    for (const setting of Object.keys(optionTable) as (keyof Settings)[]) {
      const row = optionTable[setting];
      const flag = `--${settingFlag(setting)}`;
      const args = row.kind === "switch" ? [flag] : [flag, String(row.max)];
      const changed = settingsWith(settingsFrom(parseOptions(args, settingRows)));
      expect(changed[setting]).toBe(row.kind === "switch" ? !row.value : row.max);
    }
  });

  it.each(["0", "99999999", "-1", "x", "", "1e3", "700.5"])(
    "--total-timeout-ms %j is refused with the range",
    (value) => {
      expect(() => settingsFrom(parseOptions([`--total-timeout-ms=${value}`], settingRows))).toThrow(
        /^--total-timeout-ms is ".*": a (number from 500 to 60000|whole number) expected$/,
      );
    },
  );
});

describe("what was meant perhaps", () => {
  it.each([
    ["quary", "query"],
    ["serv", "serve"],
    ["server", "serve"],
    ["que", "query"],
    ["zebra", null],
    ["", null],
  ])("%j: %j", (word, meant) => {
    expect(closest(word, ["query", "serve", "lab"])).toBe(meant);
  });
});
