/** An Io that remembers: what was written, and which resolver was made with what. */

import type { Io } from "../../src/cli/command.ts";
import { systemClock } from "../../src/env/system.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { ResolverOptions } from "../../src/resolver/create.ts";
import { fakeResolver, NOW } from "../server/answers.ts";

export interface TestIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
  readonly made: ResolverOptions[];
  readonly end: () => void;
}

export function testIo(resolver: Resolver = fakeResolver()): TestIo {
  let out = "";
  let err = "";
  const made: ResolverOptions[] = [];
  const stop = new AbortController();
  return {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    stop: stop.signal,
    clock: { ...systemClock, unixSeconds: () => NOW },
    createResolver(options) {
      made.push(options);
      return resolver;
    },
    out: () => out,
    err: () => err,
    made,
    end: () => stop.abort(),
  };
}
