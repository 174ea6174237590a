/** An Io with the real clock, whose resolvers walk in a lab world. */
import { systemClock } from "../../src/env/system.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { type TestIo, testIo } from "../cli/io.ts";
import { inMemory, type MailWorld } from "./mail-world.ts";

export function commandIo(world?: MailWorld): Omit<TestIo, "made"> {
  return {
    ...testIo(),
    clock: world?.clock ?? systemClock,
    createResolver(options) {
      if (world === undefined) throw new Error("a resolver was wanted where nothing is to be asked");
      return createResolver({ ...options, ...inMemory(world), settings: { queryPrivate: true } });
    },
  };
}
