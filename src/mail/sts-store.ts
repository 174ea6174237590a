/**
 * MTA-STS policies on disk: one small file for each domain. A crash or a full disk leaves the old file or the new one; a
 * file that is not whole is as good as none. RFC 8461 §3.3 wants policies kept for as long as they say.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { UnixSeconds } from "../env/env.ts";
import { LONGEST_MAX_AGE, parseStsPolicy, type StsPolicy } from "./sts-policy.ts";

/** A policy as it was fetched. */
export interface KeptPolicy {
  /** In lower case, without final dot. */
  readonly domain: string;
  /** Of the TXT RR at that time. */
  readonly id: string;
  readonly fetchedAt: UnixSeconds;
  readonly policy: StsPolicy;
}

export interface StsStore {
  /** At most `most`, in any order. */
  load(most: number): Promise<readonly KeptPolicy[]>;
  save(kept: KeptPolicy): Promise<void>;
  remove(domain: string): Promise<void>;
}

/** Nothing outlives the process. */
export const noStore: StsStore = {
  load: async () => [],
  save: async () => {},
  remove: async () => {},
};

/** As for fetching, with room for what surrounds the text. */
const LARGEST_FILE = 80 * 1024;
const SUFFIX = ".sts";
const PARTLY = ".partly";
/** A file under way for longer was left by a crash. */
const ABANDONED_MS = 3_600_000;

/** Makes `folder` if it is missing. Whoever can write to it decides which policies count: it gets mode 0700. */
export function stsFolder(folder: string): StsStore {
  let written = 0;
  const pathOf = (domain: string): string =>
    join(folder, `${createHash("sha256").update(domain).digest("hex")}${SUFFIX}`);
  return {
    async load(most) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const names = await readdir(folder);
      await Promise.all(names.filter((name) => name.endsWith(PARTLY)).map((name) => dropAbandoned(join(folder, name))));
      const kept: KeptPolicy[] = [];
      for (const name of names) {
        if (kept.length >= most) break;
        if (!name.endsWith(SUFFIX)) continue;
        const entry = await read(join(folder, name));
        if (entry !== null && pathOf(entry.domain) === join(folder, name)) kept.push(entry);
        else await rm(join(folder, name), { force: true });
      }
      return kept;
    },
    async save(kept) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(kept.domain);
      written += 1;
      await replace(path, `${path}.${process.pid}-${written}${PARTLY}`, toText(kept));
    },
    async remove(domain) {
      await rm(pathOf(domain), { force: true });
    },
  };
}

async function replace(path: string, fresh: string, text: string): Promise<void> {
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function dropAbandoned(path: string): Promise<void> {
  // By the file system's own clock: ours may be a virtual one.
  const [file, folder] = await Promise.all([stat(path).catch(() => null), stat(join(path, "..")).catch(() => null)]);
  if (file !== null && folder !== null && folder.mtimeMs - file.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
}

/** Null for whatever is not one of our files, whole. */
async function read(path: string): Promise<KeptPolicy | null> {
  try {
    const { size } = await stat(path);
    return size > LARGEST_FILE ? null : fromText(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

/** A line with the digest of the rest, a line of JSON, the policy as published. */
function toText({ domain, id, fetchedAt, policy }: KeptPolicy): string {
  const rest = `${JSON.stringify({ format: 1, domain, id, fetchedAt })}\n${policy.lines.join("\n")}\n`;
  return `${digest(rest)}\n${rest}`;
}

function fromText(text: string): KeptPolicy | null {
  const end = text.indexOf("\n");
  const rest = text.slice(end + 1);
  if (end < 0 || digest(rest) !== text.slice(0, end)) return null;
  const { format, domain, id, fetchedAt } = JSON.parse(rest.slice(0, rest.indexOf("\n")));
  const parsed = parseStsPolicy(rest.slice(rest.indexOf("\n") + 1));
  if (format !== 1 || parsed.kind !== "policy") return null;
  if (typeof domain !== "string" || typeof id !== "string" || !Number.isFinite(fetchedAt)) return null;
  return { domain, id, fetchedAt, policy: parsed.policy };
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Until when the policy must be applied, whatever DNS says. A clock that was set back gives it no longer life. */
export function expiryOf({ fetchedAt, policy }: KeptPolicy, now: UnixSeconds): UnixSeconds {
  return Math.min(fetchedAt, now) + Math.min(policy.maxAge, LONGEST_MAX_AGE);
}
