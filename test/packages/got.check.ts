/** got with our `lookup`: pages come from where DNS says, and from nowhere else. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { alter } from "../../src/lab/injure.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";
import { createResponder } from "../../src/server/responder.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { start } from "./child.ts";

const records = "www A 127.0.0.1";
const world = buildWorld(
  {
    zones: [
      { apex: "." },
      { apex: "lab." },
      { apex: "web.lab.", records },
      {
        apex: "badweb.lab.",
        records,
        edit: (zone) => alter(zone, ["www.badweb.lab.", TYPE.A], () => ({ signatures: [] })),
      },
    ],
  },
  systemClock.unixSeconds(),
);
const env = { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} };
const resolver = createResolver({
  env,
  rootHints: world.hints,
  trustAnchors: world.anchors,
  settings: { queryPrivate: true },
});
let daemon: Listening;
let web: Server;

beforeAll(async () => {
  const responder = createResponder({ resolver, clock: systemClock });
  daemon = await listen(responder, [{ address: "127.0.0.1", port: 0 }], { clock: systemClock });
  web = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  web.close();
  await daemon.close();
  await resolver.close();
});

const PROGRAM = `
  import got from "got";
  import { createResolver, Name, nodeDns } from "rootwalk";
  const [dnsPort, url, trustAnchors] = process.argv.slice(1);
  const servers = [{ address: "127.0.0.1", port: Number(dnsPort) }];
  const resolver = createResolver({ trustAnchors, forwards: [{ zone: Name.root, servers }] });
  const options = { dnsLookup: nodeDns(resolver).lookup, retry: { limit: 0 } };
  console.log(await got(url, options).text().catch((error) => error.code + " " + error.cause?.status));
  await resolver.close();
`;

it.each([
  ["www.web.lab", "hello"],
  ["www.badweb.lab", "ESERVFAIL"],
  ["nobody.web.lab", "ENOTFOUND"],
])("%s: %s", async (host, expected) => {
  const url = `http://${host}:${(web.address() as AddressInfo).port}/`;
  const port = String(daemon.addresses[0]!.port);
  const child = start(["--input-type=module", "--eval", PROGRAM, port, url, world.anchors]);
  expect(await child.ended, child.printed()).toBe(0);
  expect(child.printed()).toContain(expected);
});
