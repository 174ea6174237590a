import { describe, expect, it } from "vitest";
import { commandMeant } from "../../src/cli/command-names.ts";
import { allCommands } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import { testIo } from "./io.ts";

describe("a command's name", () => {
  const names = ["query", "dane check", "dane survey", "config show"];
  it("is one word or two", () => {
    expect(commandMeant(["query", "a."], names)).toEqual({ kind: "command", name: "query", rest: ["a."] });
    expect(commandMeant(["dane", "check", "--json", "a."], names)).toEqual({
      kind: "command",
      name: "dane check",
      rest: ["--json", "a."],
    });
  });
  it("with its first word alone is a list of those that begin so", () => {
    const group = { kind: "group", word: "dane", names: ["dane check", "dane survey"] };
    expect(commandMeant(["dane"], names)).toEqual({ ...group, asked: false });
    expect(commandMeant(["dane", "--help"], names)).toEqual({ ...group, asked: true });
  });
  it("that is none names what is near", () => {
    expect(() => commandMeant(["dane", "chek"], names)).toThrow('there is no command "dane chek"; dane check perhaps');
    expect(() => commandMeant(["dane", "x"], names)).toThrow("the commands are dane check, dane survey");
    expect(() => commandMeant(["dain"], names)).toThrow('there is no command "dain"; dane perhaps');
    expect(() => commandMeant(["toString"], names)).toThrow("the commands are query, dane, config");
  });
});

const commands = await allCommands();

async function go(...argv: string[]) {
  const io = testIo();
  const code = await run(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe("rootwalk", () => {
  it("--help lists every command", async () => {
    const { code, out, err } = await go("--help");
    expect(code).toBe(0);
    expect(err).toBe("");
    for (const command of commands) expect(out).toContain(`  ${command.name}`);
    expect(await go("help")).toEqual({ code: 0, out, err: "" });
    expect(await go()).toEqual({ code: 2, out, err: "" });
  });

  it("--version says the package's version", async () => {
    const { code, out } = await go("--version");
    expect(code).toBe(0);
    expect(out).toMatch(/^rootwalk [0-9]+\.[0-9]+\.[0-9]+\n$/);
  });

  it("help COMMAND and COMMAND --help are the same page, with options, examples and exit codes", async () => {
    for (const { name, options } of commands) {
      const words = name.split(" ");
      const { code, out } = await go("help", ...words);
      expect(code).toBe(0);
      expect(await go(...words, "--help")).toEqual({ code: 0, out, err: "" });
      expect(await go(...words, "-h")).toEqual({ code: 0, out, err: "" });
      for (const part of ["usage:", "options:", "examples:", "exit codes:", `rootwalk ${name}`])
        expect(out).toContain(part);
      for (const [option, row] of Object.entries(options)) {
        if (row.page === undefined && row.hidden === undefined) expect(out).toContain(`--${option}`);
      }
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(130);
    }
  });

  it("help settings explains every setting", async () => {
    const { code, out } = await go("help", "settings");
    expect(code).toBe(0);
    expect(out).toContain("--query-private");
    expect(out).toContain("500 to 60000 ms, default 8000");
  });

  it.each([
    [["quary"], 'rootwalk: there is no command "quary"; query perhaps\n'],
    [["help", "nothing-like-it"], /^rootwalk: there is no command "nothing-like-it"; the commands are .*query.*\n$/],
    [["--verbos"], /^rootwalk: there is no option --verbos; .*\n$/],
    [["query", "--jsno", "a."], "rootwalk: there is no option --jsno; --json perhaps\n"],
  ])("%j is one line on stderr and exit code 2", async (argv, line) => {
    const { code, out, err } = await go(...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(line);
    expect(err.split("\n")).toHaveLength(2);
  });

  it("an unexpected error is one line and exit code 1, with its stack only for those who look for it", async () => {
    const broken = () => {
      throw new Error("something\nbroke");
    };
    const io = { ...testIo(), createResolver: broken };
    let err = "";
    expect(await run(["query", "a."], { ...io, stderr: (text) => (err += text) })).toBe(1);
    expect(err).toBe("rootwalk: something broke\n");
    err = "";
    expect(await run(["query", "a."], { ...io, stderr: (text) => (err += text) }, true)).toBe(1);
    expect(err).toContain("    at ");
  });
});
