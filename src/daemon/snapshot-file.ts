/**
 * The cache's snapshot on disk. A crash at any moment leaves the old file or the new one; what is torn, foreign, too large or
 * writable by others is reported and not read. It needs no secret: whatever is in it is proven again before it is used.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { Clock } from "../env/env.ts";
import type { Snapshot } from "../resolver/snapshot.ts";

/** Its first line: what it is, and the version of what follows. */
const MAGIC = Buffer.from("rootwalk snapshot 1\n");
const CHECKSUM_OCTETS = 32;
const HEAD_OCTETS = MAGIC.length + CHECKSUM_OCTETS + 8;
/** Some 30,000 names with their signatures: read within 50 ms. */
export const SNAPSHOT_OCTETS = 16 * 1048576;
/** Entries are written down for so long, then questions have their turn. */
const SLICE_MS = 5;

export type Loading =
  | { readonly kind: "loaded"; readonly entries: number; readonly octets: number; readonly ageSeconds: number }
  | { readonly kind: "none" }
  /** Nothing of it is used; one sentence. */
  | { readonly kind: "ignored"; readonly why: string };

/** Never throws: a daemon without its snapshot is only slower at first. */
export function loadSnapshot(path: string, snapshot: Snapshot, clock: Clock): Loading {
  const ignored = (why: string): Loading => ({ kind: "ignored", why: `the snapshot ${path} is not used: ${why}` });
  let octets: Buffer | null;
  try {
    octets = readOwn(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return ignored(code === "ELOOP" ? "it is a symbolic link" : (code ?? message));
  }
  if (octets === null) return { kind: "none" };
  if (octets.length < MAGIC.length || !octets.subarray(0, MAGIC.length).equals(MAGIC))
    return ignored("it is none, or of another version");
  if (octets.length < HEAD_OCTETS) return ignored("it is cut off");
  const sum = octets.subarray(MAGIC.length, MAGIC.length + CHECKSUM_OCTETS);
  if (!checksum(octets.subarray(MAGIC.length + CHECKSUM_OCTETS)).equals(sum))
    return ignored("it is damaged: its checksum does not fit");
  const savedAt = octets.readDoubleBE(MAGIC.length + CHECKSUM_OCTETS);
  const now = clock.unixSeconds();
  const trouble = snapshot.load(octets.subarray(HEAD_OCTETS), savedAt, now);
  if (trouble !== null) return ignored(trouble);
  return { kind: "loaded", entries: snapshot.size, octets: octets.length, ageSeconds: Math.max(0, now - savedAt) };
}

/** Resolves to the octets written. Rejects where the disk does; the old file is still there then. */
export async function saveSnapshot(path: string, snapshot: Snapshot, clock: Clock): Promise<number> {
  const savedAt = clock.unixSeconds();
  const parts: Uint8Array[] = [];
  let size = HEAD_OCTETS;
  let sinceMs = clock.monotonicMs();
  for (const entry of snapshot.entries(savedAt)) {
    if (size + entry.length > SNAPSHOT_OCTETS) break;
    parts.push(entry);
    size += entry.length;
    if (clock.monotonicMs() - sinceMs < SLICE_MS) continue;
    await clock.sleep(SLICE_MS);
    sinceMs = clock.monotonicMs();
  }
  const stamp = Buffer.alloc(8);
  stamp.writeDoubleBE(savedAt);
  const body = Buffer.concat([stamp, ...parts]);
  replaceOwn(path, Buffer.concat([MAGIC, checksum(body), body]));
  return size;
}

function checksum(octets: Uint8Array): Buffer {
  return createHash("sha256").update(octets).digest();
}

/** Null: there is none. Throws why it is not to be read. */
function readOwn(path: string): Buffer | null {
  let file: number;
  try {
    // A link could lead to a file that somebody else writes; a pipe would keep us waiting.
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { size, uid, mode } = fs.fstatSync(file);
    if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) throw new Error("it is no file");
    if (size > SNAPSHOT_OCTETS) throw new Error(`it has ${size} octets: at most ${SNAPSHOT_OCTETS} expected`);
    if ((mode & (fs.constants.S_IWOTH | fs.constants.S_IWGRP)) !== 0) throw new Error("others may write to it");
    if (uid !== (process.geteuid?.() ?? uid) && uid !== 0) throw new Error(`it belongs to user ${uid}`);
    return fs.readFileSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function replaceOwn(path: string, octets: Uint8Array): void {
  const fresh = `${path}.new`;
  fs.rmSync(fresh, { force: true }); // what a crash left
  const file = fs.openSync(fresh, "wx", 0o600);
  try {
    try {
      for (let at = 0; at < octets.length; ) at += fs.writeSync(file, octets, at);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(fresh, path);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw error;
  }
  const folder = fs.openSync(dirname(path), fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}
