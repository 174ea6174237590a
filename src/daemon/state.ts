/**
 * What `serve` keeps in its --state-dir: one small file for each managed trust anchor (RFC 5011). A crash, a full disk or a
 * second daemon leaves the old file or the new one, never half of one.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import type { AnchorStore } from "../resolver/api.ts";
import type { Name } from "../wire/name.ts";

/** A state has some lines of a few hundred characters each. */
const LARGEST_FILE = 1 << 20;

/** What a test replaces to fill the disk. */
export type FileSystem = Pick<
  typeof fs,
  "openSync" | "fstatSync" | "readFileSync" | "writeSync" | "fsyncSync" | "closeSync" | "renameSync" | "rmSync"
>;

/** Keeps states in `dir`, which exists. Errors name the file and what is wrong with it. */
export function anchorStoreIn(dir: string, files: FileSystem = fs): AnchorStore {
  return {
    load: (zone) => {
      const path = join(dir, fileName(zone));
      return named(path, () => load(path, files));
    },
    store: (zone, text) => {
      const path = join(dir, fileName(zone));
      named(path, () => {
        replace(path, text, files);
        syncFolder(dir, files);
      });
    },
  };
}

/** "root.anchor", "zone-example.com.anchor": nothing in a name may lead to another folder. */
function fileName(zone: Name): string {
  if (zone.isRoot) return "root.anchor";
  const text = zone.lowerCased().toString().slice(0, -1);
  return `zone-${text.replace(/[^a-z0-9._-]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`)}.anchor`;
}

function load(path: string, files: FileSystem): string | null {
  let file: number;
  try {
    // A link could lead to a file that somebody else writes; a pipe would keep us waiting.
    file = files.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { size, uid, mode } = files.fstatSync(file);
    const flaw = whyNotOurs({ size, uid, mode });
    if (flaw !== null) throw new Error(flaw);
    return files.readFileSync(file, "utf8");
  } finally {
    files.closeSync(file);
  }
}

/** Whoever can write this file decides what we trust. */
function whyNotOurs(file: { readonly size: number; readonly uid: number; readonly mode: number }): string | null {
  if ((file.mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) return "it is no file";
  if (file.size > LARGEST_FILE) return `it has ${file.size} octets: at most ${LARGEST_FILE} expected`;
  if ((file.mode & fs.constants.S_IWOTH) !== 0) return "everybody may write to it";
  const self = process.geteuid?.() ?? file.uid;
  return file.uid === self || file.uid === 0 ? null : `it belongs to user ${file.uid}`;
}

function replace(path: string, text: string, files: FileSystem): void {
  const fresh = `${path}.new`;
  files.rmSync(fresh, { force: true }); // what a crash left
  const file = files.openSync(fresh, "wx", 0o600);
  try {
    try {
      const octets = Buffer.from(text);
      for (let at = 0; at < octets.length; ) at += files.writeSync(file, octets, at);
      files.fsyncSync(file);
    } finally {
      files.closeSync(file);
    }
    files.renameSync(fresh, path);
  } catch (error) {
    files.rmSync(fresh, { force: true });
    throw error;
  }
}

/** The name is as durable as the content only then. */
function syncFolder(dir: string, files: FileSystem): void {
  const folder = files.openSync(dir, fs.constants.O_RDONLY);
  try {
    files.fsyncSync(folder);
  } finally {
    files.closeSync(folder);
  }
}

function named<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: ${reasonFor(code) ?? message}`, { cause: error });
  }
}

function reasonFor(code: string | undefined): string | null {
  switch (code) {
    case undefined:
      return null;
    case "ELOOP":
      return "it is a symbolic link";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EROFS":
      return "the file system is read-only";
    default:
      return code;
  }
}
