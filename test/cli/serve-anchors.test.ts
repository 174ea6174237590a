/** `rootwalk serve` and its trust anchors: what is kept from run to run, and what an operator reads when it cannot be. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { anchorNews } from "../../src/daemon/anchor-news.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { createResolver, type ResolverOptions } from "../../src/resolver/create.ts";
import { Name } from "../../src/wire/name.ts";
import { testIo } from "./io.ts";

const world = buildWorld({ zones: [{ apex: "." }, { apex: "lab." }] }, systemClock.unixSeconds());

let dir: string;
let state: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rootwalk-serve-"));
  state = join(dir, "state");
  writeFileSync(join(dir, "anchors"), world.anchors);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Serves the lab until its root was probed, and `until` holds. */
async function serve(args: readonly string[] = [], until: () => boolean = () => true) {
  const io = testIo();
  let probed = false;
  const made: ResolverOptions[] = [];
  const running = run(
    ["serve", "--listen", "127.0.0.1:0", "--state-dir", state, "--trust-anchor-file", join(dir, "anchors"), ...args],
    {
      ...io,
      clock: systemClock,
      createResolver(options) {
        made.push(options);
        const onEvent = (event: ResolutionEvent): void => {
          if (event.kind === "anchor probed" || (options.managedAnchors === undefined && event.kind === "zone"))
            probed = true;
          options.onEvent?.(event);
        };
        return createResolver({
          ...options,
          env: { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} },
          rootHints: world.hints,
          onEvent,
          settings: { ...options.settings, queryPrivate: true },
        });
      },
    },
  );
  for (let i = 0; !(probed && until()) && i < 600; i++) await systemClock.sleep(5);
  io.end();
  return { code: await running, out: io.out(), err: io.err(), made };
}

const file = () => readFileSync(join(state, "root.anchor"), "utf8");

describe("--state-dir", () => {
  it("holds what was learned of the root, and the next run goes on from there without a word", async () => {
    expect(await serve()).toMatchObject({ code: 0, err: "" });
    expect(file()).toMatch(/^; rootwalk trust anchor state 1\nzone \.\nseen .*\nkey valid /);
    const since = /key valid (\d+)/.exec(file())?.[1];
    expect(await serve()).toMatchObject({ code: 0, err: "" });
    expect(/key valid (\d+)/.exec(file())?.[1]).toBe(since);
    expect(readdirSync(state)).toEqual(["cache.snapshot", "root.anchor"]);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ["truncated", (path) => writeFileSync(path, file().slice(0, 60)), /line \d+: the text is cut off/],
    ["empty", (path) => writeFileSync(path, ""), /line 1: ".*" expected/],
    ["foreign", (path) => writeFileSync(path, "; autotrust trust anchor file\n"), /line 1: ".*" expected/],
    [
      "a link",
      (path) => {
        writeFileSync(join(dir, "elsewhere"), file());
        rmSync(path);
        symlinkSync(join(dir, "elsewhere"), path);
      },
      /root\.anchor: it is a symbolic link/,
    ],
    [
      "a folder",
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
      /root\.anchor: it is no file/,
    ],
  ])("with a file that is %s: one clear line, and it serves", async (what, spoil, words) => {
    await serve();
    spoil(join(state, "root.anchor"));
    const { code, out, err } = await serve();
    expect(code).toBe(0);
    expect(out).toContain("ready on");
    const [line, ...more] = err.trimEnd().split("\n");
    expect(line).toMatch(/^rootwalk: trust anchor of \.: /);
    expect(line).toMatch(words);
    expect(line).toMatch(/: going on with the configured trust anchor$/);
    // A folder cannot be replaced, and that is worth a line of its own; all else is mended.
    expect(more).toEqual(what === "a folder" ? [expect.stringContaining("its state cannot be stored")] : []);
    if (what !== "a folder") expect(file()).toContain("key valid");
  });

  it("that cannot be made is one line, and it serves; that is no folder is a mistake", async () => {
    writeFileSync(state, "");
    expect(await serve([], () => false)).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("is no directory"),
    });
    state = join(dir, "x".repeat(300));
    const { code, out, err } = await serve();
    expect(code).toBe(0);
    expect(out).toContain("ready on");
    expect(err).toContain("xxx cannot be written (ENAMETOOLONG): key rollovers will be forgotten with this run\n");
  });
});

describe("the daemon's defaults", () => {
  it("follow rollovers, signal key tags and answer as a sentinel, until told otherwise", async () => {
    const { made } = await serve();
    expect(made[0]?.settings).toMatchObject({ trustAnchorSignal: true, rootKeySentinel: true });
    expect(made[0]?.managedAnchors?.store).not.toBeNull();
    const still = await serve(["--static-trust-anchors", "--no-trust-anchor-signal", "--no-root-key-sentinel"]);
    expect(still.made[0]?.settings).toMatchObject({ trustAnchorSignal: false, rootKeySentinel: false });
    expect(still.made[0]?.managedAnchors).toBeUndefined();
  });
});

describe("what an operator reads", () => {
  const zone = Name.root;
  it.each<[ResolutionEvent, string | null]>([
    [{ kind: "anchor key", zone, keyTag: 1, from: "start", to: "addpend" }, "key 1 is new, and will be trusted if"],
    [{ kind: "anchor key", zone, keyTag: 1, from: "addpend", to: "valid" }, "key 1 is trusted from now on"],
    [{ kind: "anchor key", zone, keyTag: 1, from: "missing", to: "valid" }, "key 1 is trusted and back"],
    [{ kind: "anchor key", zone, keyTag: 1, from: "start", to: "valid" }, null],
    [{ kind: "anchor key", zone, keyTag: 1, from: "valid", to: "missing" }, "no longer published, and still trusted"],
    [{ kind: "anchor key", zone, keyTag: 1, from: "addpend", to: "start" }, "withdrawn before its time"],
    [
      { kind: "anchor key", zone, keyTag: 1, from: "missing", to: "start" },
      "missing for a year, and is no longer trusted",
    ],
    [{ kind: "anchor key", zone, keyTag: 1, from: "valid", to: "revoked" }, "revoked, and will never be trusted again"],
    [{ kind: "anchor key", zone, keyTag: 1, from: "revoked", to: "removed" }, null],
    [
      { kind: "anchor lost", zone, detail: "every key was revoked" },
      "TRUST ANCHOR LOST: every key was revoked; find out",
    ],
    [{ kind: "anchor state", zone, trouble: "the disk is full" }, "trust anchor of .: the disk is full"],
    [{ kind: "anchor probed", zone, outcome: "failed", detail: "", nextProbeSeconds: 1 }, null],
    [{ kind: "cut", zone, signed: true, servers: 1 }, null],
  ])("%j: %s", (event, words) => {
    if (words === null) expect(anchorNews(event)).toBeNull();
    else expect(anchorNews(event)).toContain(words);
  });
});
