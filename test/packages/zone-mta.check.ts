/** ZoneMTA's sender with the plugin of docs/mail-servers.md: who gets mail, and what waits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailLab, startMailLab } from "../mail-servers/mail-lab.ts";
import { start } from "./child.ts";

const domains = [
  ...["right.lab", "ta.lab", "unusable.lab", "second.lab", "unsigned.lab", "clear.lab", "without.lab"],
  ...["wrong.lab", "stripped.lab", "bogus.lab", "null.lab"],
];

interface Outcome {
  readonly cmd: "RELEASE" | "DEFER" | "BOUNCE";
  readonly response?: string;
}

let lab: MailLab;
let folder = "";
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  lab = await startMailLab();
  folder = mkdtempSync(join(tmpdir(), "rootwalk-zone-mta-"));
  const config = {
    log: { level: "silent" },
    queue: {},
    dns: { caching: false, blockLocalAddresses: false },
    zones: { default: { port: lab.port, ignoreIPv6: true, pool: [{ address: "0.0.0.0", name: "client.example" }] } },
    pluginsPath: fileURLToPath(new URL("../mail-servers/examples/", import.meta.url)),
    plugins: {
      "zone-mta.cjs": { enabled: "sender", forward: "127.0.0.1", forwardPort: lab.dnsPort, anchors: lab.anchors },
    },
    pools: {},
    dkim: {},
  };
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const own = fileURLToPath(new URL("node_modules/@zone-eu/zone-mta/config", import.meta.url));
  const sender = start(["zone-mta-sender.cjs", domains.join()], { NODE_CONFIG_DIR: own, NODE_CONFIG_PATH: file });
  expect(await sender.ended, sender.printed()).toBe(0);
  for (const line of sender.printed().split("\n")) {
    if (!line.startsWith("{")) continue;
    const { id, ...outcome } = JSON.parse(line);
    outcomes.set(domains[Number(id.slice("message".length))]!, outcome);
  }
});
afterAll(async () => {
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

const arrived = (domain: string) => lab.received.filter(({ recipient }) => recipient === `you@${domain}`);

it.each([
  ["right.lab", "mx.right.lab", true],
  ["ta.lab", "mx.ta.lab", true],
  ["unusable.lab", "mx.unusable.lab", true],
  ["second.lab", "mx2.second.lab", true],
  ["without.lab", "mx.without.lab", true],
  ["unsigned.lab", "mx.unsigned.lab", true],
  ["clear.lab", "mx.clear.lab", false],
])("%s gets it, by %s", (domain, server, encrypted) => {
  expect(outcomes.get(domain)).toMatchObject({ cmd: "RELEASE" });
  expect(arrived(domain)).toMatchObject([{ server, encrypted }]);
});

it.each([
  ["wrong.lab", "DEFER", /4\.7\.5 .*match none of/],
  ["stripped.lab", "DEFER", /4\.7\.4 .*TLS is required/],
  ["bogus.lab", "DEFER", /4\.7\.5 .*is bogus/],
  ["null.lab", "BOUNCE", /5\.1\.10 .*takes no mail/],
] as const)("%s does not: %s", (domain, cmd, response) => {
  expect(outcomes.get(domain)).toMatchObject({ cmd, response: expect.stringMatching(response) });
  expect(arrived(domain)).toEqual([]);
});
