/** Files in --state-dir: the old one or the new one, whatever happens; and nothing believed that others could write. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anchorStoreIn, type FileSystem } from "../../src/daemon/state.ts";
import { Name } from "../../src/wire/name.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), "rootwalk-state-"));
  file = join(dir, "root.anchor");
});
afterEach(() => fs.rmSync(dir, { recursive: true }));

const failing = (name: keyof FileSystem, code: string): FileSystem => ({
  ...fs,
  [name]: () => {
    throw Object.assign(new Error(`${code}: made up`), { code });
  },
});

describe("a state file", () => {
  it("comes back as it was stored; before that there is none", () => {
    const store = anchorStoreIn(dir);
    expect(store.load(Name.root)).toBeNull();
    store.store(Name.root, "one\n");
    store.store(Name.root, "two\n");
    expect(store.load(Name.root)).toBe("two\n");
    expect(fs.readdirSync(dir)).toEqual(["root.anchor"]);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  it("of each zone has a name of its own, that leads nowhere else", () => {
    const store = anchorStoreIn(dir);
    for (const name of [".", "root.", "Example.COM.", "..\\/\\/etc.".slice(2), "a\\.b.c."])
      store.store(Name.parse(name), name);
    expect(fs.readdirSync(dir).sort()).toEqual([
      "root.anchor",
      "zone-%2f%2fetc.anchor",
      "zone-a%5c.b.c.anchor",
      "zone-example.com.anchor",
      "zone-root.anchor",
    ]);
    expect(store.load(Name.parse("example.com."))).toBe("Example.COM.");
  });

  it("half-written by a crash does no harm, and is cleared away", () => {
    const store = anchorStoreIn(dir);
    store.store(Name.root, "whole\n");
    fs.writeFileSync(`${file}.new`, "ha");
    expect(store.load(Name.root)).toBe("whole\n");
    store.store(Name.root, "next\n");
    expect(fs.readdirSync(dir)).toEqual(["root.anchor"]);
    expect(store.load(Name.root)).toBe("next\n");
  });
});

describe("a disk that fails while a file is written leaves the old one, and nothing beside it", () => {
  it.each<[keyof FileSystem, string, string]>([
    ["writeSync", "ENOSPC", "the disk is full"],
    ["writeSync", "EDQUOT", "the disk is full"],
    ["fsyncSync", "EIO", "EIO"],
    ["fsyncSync", "ENOSPC", "the disk is full"],
    ["renameSync", "EACCES", "permission denied"],
  ])("%s: %s", (name, code, words) => {
    anchorStoreIn(dir).store(Name.root, "old\n");
    expect(() => anchorStoreIn(dir, failing(name, code)).store(Name.root, "new\n")).toThrow(`${file}: ${words}`);
    expect(fs.readdirSync(dir)).toEqual(["root.anchor"]);
    expect(anchorStoreIn(dir).load(Name.root)).toBe("old\n");
  });

  it("a full disk after some octets", () => {
    anchorStoreIn(dir).store(Name.root, "old\n");
    let written = 0;
    const small = {
      ...fs,
      writeSync: (to: number, octets: Uint8Array, at: number) => {
        if (written >= 2) throw Object.assign(new Error("full"), { code: "ENOSPC" });
        written += fs.writeSync(to, octets, at, 1);
        return 1;
      },
    } as unknown as FileSystem;
    expect(() => anchorStoreIn(dir, small).store(Name.root, "new state\n")).toThrow("the disk is full");
    expect(anchorStoreIn(dir).load(Name.root)).toBe("old\n");
    expect(fs.readdirSync(dir)).toEqual(["root.anchor"]);
  });

  it("a disk that takes a few octets at a time takes them all", () => {
    const slow = {
      ...fs,
      writeSync: (to: number, octets: Uint8Array, at: number) =>
        fs.writeSync(to, octets, at, Math.min(3, octets.length - at)),
    } as unknown as FileSystem;
    anchorStoreIn(dir, slow).store(Name.root, "a longer state ä\n");
    expect(anchorStoreIn(dir).load(Name.root)).toBe("a longer state ä\n");
  });

  it.each([
    ["EROFS", "the file system is read-only"],
    ["EACCES", "permission denied"],
  ])("a folder that cannot be written: %s", (code, words) => {
    expect(() => anchorStoreIn(dir, failing("openSync", code)).store(Name.root, "new\n")).toThrow(`${file}: ${words}`);
  });

  it("a folder that has gone", () => {
    const gone = join(dir, "gone");
    expect(() => anchorStoreIn(gone).store(Name.root, "new\n")).toThrow(`${join(gone, "root.anchor")}: ENOENT`);
    expect(anchorStoreIn(gone).load(Name.root)).toBeNull();
  });
});

describe("not believed", () => {
  it("a symbolic link; storing puts a file in its place and leaves its target alone", () => {
    const target = join(dir, "target");
    fs.writeFileSync(target, "theirs\n");
    fs.symlinkSync(target, file);
    const store = anchorStoreIn(dir);
    expect(() => store.load(Name.root)).toThrow(`${file}: it is a symbolic link`);
    store.store(Name.root, "ours\n");
    expect(fs.lstatSync(file).isSymbolicLink()).toBe(false);
    expect(store.load(Name.root)).toBe("ours\n");
    expect(fs.readFileSync(target, "utf8")).toBe("theirs\n");
  });

  it("a link in the place of the new file is not written through", () => {
    const target = join(dir, "target");
    fs.writeFileSync(target, "theirs\n");
    fs.symlinkSync(target, `${file}.new`);
    anchorStoreIn(dir).store(Name.root, "ours\n");
    expect(fs.readFileSync(target, "utf8")).toBe("theirs\n");
  });

  it("a folder, which cannot be replaced either", () => {
    fs.mkdirSync(file);
    expect(() => anchorStoreIn(dir).load(Name.root)).toThrow(`${file}: it is no file`);
    expect(() => anchorStoreIn(dir).store(Name.root, "ours\n")).toThrow(`${file}: `);
    expect(fs.readdirSync(dir)).toEqual(["root.anchor"]);
  });

  it("a file that everybody may write, or that is far too large", () => {
    const store = anchorStoreIn(dir);
    store.store(Name.root, "ours\n");
    fs.chmodSync(file, 0o606);
    expect(() => store.load(Name.root)).toThrow(`${file}: everybody may write to it`);
    store.store(Name.root, "x".repeat((1 << 20) + 1));
    expect(() => store.load(Name.root)).toThrow(`${file}: it has 1048577 octets: at most 1048576 expected`);
  });

  it("a file of somebody else", () => {
    const store = anchorStoreIn(dir, { ...fs, fstatSync: (() => ({ size: 5, uid: 4711, mode: 0o100600 })) as never });
    store.store(Name.root, "ours\n");
    expect(() => store.load(Name.root)).toThrow(`${file}: it belongs to user 4711`);
  });

  it("a file that cannot be read", () => {
    expect(() => anchorStoreIn(dir, failing("openSync", "EACCES")).load(Name.root)).toThrow(
      `${file}: permission denied`,
    );
    anchorStoreIn(dir).store(Name.root, "ours\n");
    expect(() => anchorStoreIn(dir, failing("readFileSync", "EIO")).load(Name.root)).toThrow(`${file}: EIO`);
  });
});
