/** A responder before a fake resolver, and what tests ask of it. */
import type { Clock } from "../../src/env/env.ts";
import { systemClock } from "../../src/env/system.ts";
import { type Client, createResponder, type ResponderOptions, type ServerEvent } from "../../src/server/responder.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { a, answer, data, type FakeWorld, fakeResolver, NOW, question, secure, signed } from "./answers.ts";
import { type Seen, see } from "./replies.ts";
import { type QueryShape, query } from "./requests.ts";

const clock: Clock = { ...systemClock, unixSeconds: () => NOW };
export const local: Client = { address: "127.0.0.1", port: 40000, transport: "udp" };
export const overTcp: Client = { ...local, transport: "tcp" };
export const stranger: Client = { ...local, address: "192.0.2.99" };
export const DO = { edns: { dnssecOk: true } };

export function bench(world: FakeWorld, options: Partial<ResponderOptions> = {}) {
  const resolver = fakeResolver(world);
  const events: ServerEvent[] = [];
  const responder = createResponder({ resolver, clock, emit: (event) => events.push(event), ...options });
  return {
    resolver,
    events,
    respond: responder.respond,
    ask: async (shape: QueryShape, from: Client = local): Promise<Seen> =>
      see(await responder.respond(query(shape), from)),
  };
}

export const www = signed(a("www.example.", 1));
export const wwwAnswer = answer(question("www.example.", TYPE.A), secure(data("www.example.", [www])));
