/** One table, three ways to say it: flags before the environment, the environment before the file; and what is wrong is told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFrom } from "../../src/daemon/config-file.ts";
import { configurationFrom, originText } from "../../src/daemon/configuration.ts";
import { keys } from "../../src/daemon/keys.ts";

const NOW = 1_800_000_000;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const path = join(folder, "rootwalk.toml");
  writeFileSync(path, text);
  return path;
}

interface Given {
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly text?: string;
}

function configured({ flags = {}, env = {}, text = "" }: Given) {
  return configurationFrom({ flags: (key) => flags[key.name], env, file: fileWith(text), now: NOW });
}

/** What is said of a file, without its folder. */
function complaint(text: string): string {
  try {
    configFrom(text, "x.toml", NOW);
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("precedence", () => {
  const text = 'identity = "file"\n\n[settings]\ntotal-timeout-ms = 5000\n\n[limits]\nconnections = 7\n';
  const from = (given: Given, name: string): [unknown, string] => {
    const key = keys.find((one) => one.name === name)!;
    const { value, origin } = configured(given).values.get(key)!;
    return [value, originText(key, origin).replace(`${folder}/`, "")];
  };

  it("a flag, the environment, the file, the default", () => {
    const env = { ROOTWALK_IDENTITY: "environment", ROOTWALK_TOTAL_TIMEOUT_MS: "6000" };
    expect(from({ flags: { identity: ["flag"] }, env, text }, "identity")).toEqual(["flag", "--identity"]);
    expect(from({ env, text }, "identity")).toEqual(["environment", "ROOTWALK_IDENTITY"]);
    expect(from({ text }, "identity")).toEqual(["file", "rootwalk.toml:1"]);
    expect(from({}, "identity")).toEqual([null, "default"]);
    expect(from({ env, text }, "total-timeout-ms")).toEqual([6000, "ROOTWALK_TOTAL_TIMEOUT_MS"]);
    expect(from({ text }, "total-timeout-ms")).toEqual([5000, "rootwalk.toml:4"]);
    expect(from({ text }, "connections")).toEqual([7, "rootwalk.toml:7"]);
  });

  it("a switch that the file turns on is turned off by a flag", () => {
    const on = "[settings]\nserve-stale = true\n";
    expect(configured({ text: on }).settings).toMatchObject({ serveStale: true });
    expect(configured({ text: on, flags: { "serve-stale": ["false"] } }).settings).toMatchObject({ serveStale: false });
  });

  it("settings that nobody touched are left to the resolver, but those that the daemon changes", () => {
    expect(configured({}).settings).toEqual({ totalTimeoutMs: 4500, trustAnchorSignal: true, rootKeySentinel: true });
  });

  it("lists in the environment have blanks or commas between them", () => {
    const { options } = configured({ env: { ROOTWALK_LISTEN: "127.0.0.1:5300, [::1]:5300" } });
    expect(options.listen).toEqual(["127.0.0.1:5300", "[::1]:5300"]);
  });

  it("a variable that is none of ours is a warning: Kubernetes sets some", () => {
    expect(
      configured({ env: { ROOTWALK_LISTN: "x", ROOTWALK_PORT: "tcp://x", ROOTWALK_DEBUG: "1" } }).warnings,
    ).toEqual([
      "the environment variable ROOTWALK_LISTN is none of ours; ROOTWALK_LISTEN perhaps",
      expect.stringContaining("ROOTWALK_PORT is none of ours"),
    ]);
  });
});

describe("every key", () => {
  it.each(keys.map((key) => [key.name, key] as const))("%s can be said in a file and in the environment", (_, key) => {
    const { row } = key;
    const sample: Readonly<Record<string, unknown>> = {
      "ADDR:PORT": "127.0.0.1:5300",
      PREFIX: "192.0.2.0/24",
      NAME: "example.com",
    };
    const value =
      row.kind === "number"
        ? row.max
        : row.kind === "switch"
          ? !row.value
          : row.kind === "choice"
            ? row.choices[0]
            : row.kind === "list"
              ? [sample[row.shape] ?? "x"]
              : (sample[row.shape] ?? "x");
    const section = key.section === "options" ? "" : `[${key.section}]\n`;
    expect(configured({ text: `${section}${key.name} = ${JSON.stringify(value)}\n` }).values.get(key)?.value).toEqual(
      value,
    );
    const words = Array.isArray(value) ? value.join(" ") : String(value);
    expect(configured({ env: { [key.variable]: words } }).values.get(key)?.value).toEqual(value);
  });
});

describe("what is wrong with a file is told by file, line, key, value and range", () => {
  it.each([
    ["lisen = []", 'x.toml:1: there is no key "lisen"; listen perhaps'],
    ["\n[settings]\nserve-stail = true", 'x.toml:3: there is no key "serve-stail" in [settings]; serve-stale perhaps'],
    ["serve-stale = true", 'x.toml:1: there is no key "serve-stale": it belongs in [settings]'],
    ["[settings]\nlisten = []", 'x.toml:2: there is no key "listen" in [settings]: it belongs above all sections'],
    ["[setings]\nsha1 = true", 'x.toml:1: there is no key "setings"; settings perhaps'],
    ["settings = 1", "x.toml:1: settings is a section: [settings]"],
    ["listen = 53", 'x.toml:1: listen is 53: a list of texts, ["ADDR:PORT"], expected'],
    ['listen = ["localhost"]', 'x.toml:1: listen: "localhost" is no address with a port'],
    ['allow = ["everybody"]', 'x.toml:1: allow: "everybody" is no prefix'],
    ["hide-version = 1", "x.toml:1: hide-version is 1: true or false expected"],
    ["identity = true", 'x.toml:1: identity is true: a text, "TEXT", expected'],
    [`nsid = "${"x".repeat(513)}"`, "x.toml:1: nsid has 513 octets: 512 at most"],
    [
      "[settings]\ntotal-timeout-ms = 1",
      "x.toml:2: total-timeout-ms is 1: a whole number from 500 to 60000 ms expected",
    ],
    ['[settings]\ntotal-timeout-ms = "5s"', 'x.toml:2: total-timeout-ms is "5s": a whole number from 500 to 60000 ms'],
    ["[limits]\nconnections = 1.5", "x.toml:2: connections is 1.5: a whole number from 1 to 10000 expected"],
    ["settings.alias-steps = 0", "x.toml:1: alias-steps is 0: a whole number from 1 to 64 expected"],
    ["listen = [", "x.toml:1:10: unfinished array"],
    ["a = 1\na = 2", "x.toml:2:1: "],
    [
      "[[forward]]\nzone = 'a.example'\nserver = []",
      'x.toml:3: there is no key "server" in [[forward]]; servers perhaps',
    ],
    ["[[forward]]\nservers = ['192.0.2.1']", "x.toml:1: zone of [[forward]] is missing"],
    ["[[forward]]\nzone = 'a..b'", 'x.toml:2: zone of [[forward]] is "a..b": '],
    ["[[forward]]\nzone = 'a'\nservers = []", "x.toml:3: servers of [[forward]] is a list of addresses"],
    ["[[stub]]\nzone = 'a'\nservers = ['ns.a']", 'x.toml:3: servers of [[stub]] : "ns.a" is no address'],
    [
      "[[forward]]\nzone = 'a'\nservers = '192.0.2.1'\notherwise = 'ask'",
      'otherwise of [[forward]] is "ask": one of fail',
    ],
    ["[forward]\nzone = 'a'", "x.toml:1: forward stands in double brackets: [[forward]]"],
    [
      "[[negative-anchor]]\nname = 'a'\nlifetime = 700000",
      "lifetime of [[negative-anchor]] is 700000: a whole number from 60",
    ],
    [
      "[[negative-anchor]]\nname = 'a'\nuntil = 2099-01-01T00:00:00Z",
      "until of [[negative-anchor]] is more than a week from",
    ],
    [
      "[[negative-anchor]]\nname = 'a'\nuntil = 'soon'",
      'x.toml:3: until of [[negative-anchor]] is "soon": a time expected',
    ],
  ])("%j", (text, line) => expect(complaint(text)).toContain(line));

  it("what is right is taken, zones included", () => {
    const { zones } = configFrom(
      "[[forward]]\nzone = '.'\nservers = ['192.0.2.1', '[2001:db8::1]:5353']\notherwise = 'own-walk'\n" +
        "[[stub]]\nzone = 'b.example'\nservers = '192.0.2.2'\n[[negative-anchor]]\nname = 'c.example'\nwhy = 'ticket 1'\n",
      "x.toml",
      NOW,
    );
    expect(zones.forwards[0]).toMatchObject({
      servers: [
        { address: "192.0.2.1", port: 53 },
        { address: "2001:db8::1", port: 5353 },
      ],
      otherwise: "own walk",
    });
    expect(String(zones.stubs[0]?.zone)).toBe("b.example.");
    expect(zones.negativeAnchors[0]).toMatchObject({ lifetime: 3600, until: null, why: "ticket 1" });
  });

  it("a variable and a flag are named as they were written", () => {
    expect(() => configured({ env: { ROOTWALK_TRACE: "perhaps" } })).toThrow(
      'ROOTWALK_TRACE is "perhaps": true or false expected',
    );
    expect(() => configured({ env: { ROOTWALK_CONNECTIONS: "0" } })).toThrow(
      'ROOTWALK_CONNECTIONS is "0": a whole number from 1 to 10000 expected',
    );
    expect(() => configured({ flags: { listen: ["x"] } })).toThrow('--listen: "x" is no address');
    expect(() => configurationFrom({ flags: () => undefined, env: {}, file: "/nonexistent", now: NOW })).toThrow(
      "cannot read the configuration from /nonexistent: there is no such file",
    );
  });
});
