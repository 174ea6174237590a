/** An Io with the real clock, whose resolvers walk in a lab world. */
import type { Io } from "../../src/cli/command.ts";
import { systemClock } from "../../src/env/system.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { inMemory, type MailWorld } from "./mail-world.ts";

export interface RecordingIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
}

export function commandIo(world?: MailWorld): RecordingIo {
  let out = "";
  let err = "";
  return {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    stop: new AbortController().signal,
    clock: world?.clock ?? systemClock,
    createResolver(options) {
      if (world === undefined) throw new Error("a resolver was wanted where nothing is to be asked");
      return createResolver({ ...options, ...inMemory(world), settings: { queryPrivate: true } });
    },
    out: () => out,
    err: () => err,
  };
}
