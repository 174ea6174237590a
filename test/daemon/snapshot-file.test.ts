/** The snapshot's file: torn, foreign, too large, of another, and a process that is killed while it writes. */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSnapshot, SNAPSHOT_OCTETS, saveSnapshot } from "../../src/daemon/snapshot-file.ts";
import { systemClock } from "../../src/env/system.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { Snapshot } from "../../src/resolver/snapshot.ts";
import { scene } from "../resolver/scene.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-snapshot-"));
  path = join(folder, "cache.snapshot");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = { ...systemClock, unixSeconds: () => LAB_NOW };
const load = () => loadSnapshot(path, new Snapshot(), clock);

/** A file with what one question teaches. */
async function saved(): Promise<Buffer> {
  const snapshot = new Snapshot();
  await scene({ parts: { snapshot } }, async (it) => {
    await it.ask("www.good.lab");
    await saveSnapshot(path, snapshot, clock);
  });
  return readFileSync(path);
}

test("what was saved is loaded; the file is the owner's alone", async () => {
  const octets = await saved();
  expect(load()).toMatchObject({ kind: "loaded", octets: octets.length, ageSeconds: 0 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["cache.snapshot"]);
});

test("there may be none", () => expect(load()).toEqual({ kind: "none" }));

test("a torn file is reported and not used, wherever it is torn", async () => {
  const octets = await saved();
  for (let length = octets.length - 1; length >= 0; length = Math.floor(length * 0.93) - 1) {
    truncateSync(path, length);
    const loading = load();
    expect(loading.kind, `${length} octets`).toBe("ignored");
    expect("why" in loading && loading.why).toMatch(/is not used: it is (none, or of another version|cut off|damaged)/);
  }
});

test("a single octet that changed is found", async () => {
  const octets = await saved();
  for (let at = 0; at < octets.length; at += 97) {
    const damaged = Buffer.from(octets);
    damaged[at]! ^= 0x10;
    writeFileSync(path, damaged);
    expect(load().kind, `octet ${at}`).toBe("ignored");
  }
});

test.each<[string, () => void, RegExp]>([
  ["somebody else's file", () => writeFileSync(path, "[section]\nkey = 1\n"), /it is none, or of another version/],
  [
    "another version",
    () => writeFileSync(path, readFileSync(path).fill("9", 18, 19)),
    /it is none, or of another version/,
  ],
  ["more behind it", () => appendFileSync(path, "x"), /its checksum does not fit/],
  ["too large a file", () => truncateSync(path, SNAPSHOT_OCTETS + 1), /octets: at most 16777216 expected/],
  ["a file that others may write", () => chmodSync(path, 0o622), /others may write to it/],
  [
    "a folder",
    () => {
      rmSync(path);
      mkdtempSync(path);
      path = join(folder, readdirSync(folder)[0]!);
    },
    /it is no file|EISDIR/,
  ],
  [
    "a link",
    () => {
      const real = join(folder, "real");
      writeFileSync(real, readFileSync(path));
      rmSync(path);
      symlinkSync(real, path);
    },
    /it is a symbolic link/,
  ],
])("%s is reported and not used", async (_, damage, why) => {
  await saved();
  damage();
  const loading = load();
  expect(loading.kind).toBe("ignored");
  expect("why" in loading && loading.why).toMatch(why);
});

test("a disk that does not take it leaves the old file, and no other", async () => {
  const octets = await saved();
  await expect(saveSnapshot(join(folder, "nowhere", "x"), new Snapshot(), clock)).rejects.toThrow(/ENOENT/);
  expect(readFileSync(path)).toEqual(octets);
});

test("kill -9 while it is written, 12 times: the old file or the new one", async () => {
  const main = fileURLToPath(new URL("../../dist/", import.meta.url));
  if (!existsSync(main)) throw new Error("npm run build makes dist/, and this test needs it");
  await saved();
  // Entries without end, so that it is always writing.
  const program = `
    const { saveSnapshot } = await import(${JSON.stringify(`file://${main}daemon/snapshot-file.js`)});
    const { systemClock } = await import(${JSON.stringify(`file://${main}env/system.js`)});
    const clock = { ...systemClock, unixSeconds: () => ${LAB_NOW} };
    const entry = new Uint8Array(1000);
    const snapshot = { *entries() { for (let i = 0; i < 800; i++) yield entry; } };
    process.stdout.write("on");
    for (;;) await saveSnapshot(${JSON.stringify(path)}, snapshot, clock);`;
  const kinds = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await systemClock.sleep(1 + round * 3.1);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const octets = readFileSync(path);
    // The writer's entries are no messages, but whole they must be.
    const loading = load();
    kinds.add(loading.kind);
    if (loading.kind === "ignored") {
      expect(loading.why).toContain("entry 1 cannot be read");
      expect(octets.length).toBe(800_000 + 20 + 32 + 8);
    }
  }
  expect(kinds.has("ignored"), "it was written at least once").toBe(true);
});
