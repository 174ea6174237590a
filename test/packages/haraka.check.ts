/** Haraka with the plugin of docs/mail-servers.md: mail goes in by SMTP, and out to who is proven to be the right one. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailLab, startMailLab } from "../mail-servers/mail-lab.ts";
import { type Child, start } from "./child.ts";

const delivered = ["right.lab", "ta.lab", "unusable.lab", "second.lab", "unsigned.lab", "without.lab", "clear.lab"];
const waiting = ["wrong.lab", "stripped.lab", "bogus.lab"];

const examples = fileURLToPath(new URL("../mail-servers/examples/", import.meta.url));
const example = (name: string): string => readFileSync(join(examples, name), "utf8");

let lab: MailLab;
let haraka: Child;
let folder = "";

/** A domain and what Haraka's `delivered`, `deferred` or `bounce` hook was told. */
const TOLD = `
const say = (what) =>
  function (next, hmail, params) {
  this.lognotice("TOLD " + JSON.stringify({ domain: hmail.todo.domain, what, why: String(params?.err ?? params) }));
  next();
};
exports.hook_delivered = say("delivered");
exports.hook_deferred = say("deferred");
exports.hook_bounce = say("bounced");
exports.hook_rcpt = function (next, connection) {
  connection.relaying = true;
  next(OK);
};
`;

function told(domain: string): { readonly what: string; readonly why: string } | undefined {
  const about = [...haraka.printed().matchAll(/TOLD (\{.*\})/g)].map(([, json]) => JSON.parse(json!));
  return about.find((line) => line.domain === domain);
}

beforeAll(async () => {
  lab = await startMailLab();
  folder = mkdtempSync(join(tmpdir(), "rootwalk-haraka-"));
  const port = await freePort();
  cpSync(fileURLToPath(new URL("node_modules/Haraka/config", import.meta.url)), join(folder, "config"), {
    recursive: true,
  });
  const files = {
    "package.json": "{}",
    "config/me": "client.example",
    "config/smtp.ini": `listen=127.0.0.1:${port}\nnodes=0\n`,
    "config/plugins": "rootwalk\ntold\n",
    "config/loglevel": "notice",
    "config/outbound.ini": "temp_fail_intervals=1h\n",
    "config/rootwalk.ini": `port=${lab.port}\nforward=127.0.0.1\nforwardPort=${lab.dnsPort}\n`,
    "config/rootwalk.anchors": lab.anchors,
    "plugins/rootwalk.js": example("haraka.cjs"),
    "plugins/told.js": TOLD,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  haraka = start(["node_modules/Haraka/bin/haraka", "-c", folder]);
  await until(() => /listening on/i.test(haraka.printed()));
  const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true, name: "submitter.example" });
  for (const domain of [...delivered, ...waiting, "null.lab"])
    await transport
      .sendMail({ from: "me@client.example", to: `you@${domain}`, subject: "hello", text: "hello" })
      .catch((error: Error) => {
        throw new Error(`${error.message}\n${haraka.printed()}`);
      });
  transport.close();
  await until(() => [...delivered, ...waiting, "null.lab"].every((domain) => told(domain) !== undefined));
}, 60_000);
afterAll(async () => {
  haraka?.process.kill("SIGKILL");
  await haraka?.ended;
  await lab?.close();
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

const arrived = (domain: string) => lab.received.filter(({ recipient }) => recipient === `you@${domain}`);

it.each(delivered)("%s gets it", (domain) => {
  const server = domain === "second.lab" ? "mx2.second.lab" : `mx.${domain}`;
  expect(told(domain)).toMatchObject({ what: "delivered" });
  expect(arrived(domain)).toMatchObject([{ server, encrypted: domain !== "clear.lab" }]);
});

it.each([
  ["wrong.lab", "deferred", "4.7.5"],
  ["stripped.lab", "deferred", "4.7.4"],
  ["bogus.lab", "deferred", "Temporary MX lookup error"],
  ["null.lab", "bounced", "No MX"],
])("%s does not: %s", (domain, what, why) => {
  expect(told(domain)).toMatchObject({ what, why: expect.stringContaining(why) });
  expect(arrived(domain)).toEqual([]);
});

it("says in its log why", () => {
  expect(haraka.printed()).toMatch(/mx\.right\.lab\. is authenticated: _25\._tcp\.mx\.right\.lab\. TLSA: 3 1 1/);
  expect(haraka.printed()).toMatch(/DENYSOFT: 4\.7\.5 _25\._tcp\.mx\.bogus\.lab\. TLSA is bogus/);
});

it("leaves no socket behind in the file system", () => {
  const used = new Set([...haraka.printed().matchAll(/ip=(\S+\/rootwalk-[^/]+)\/\d+ /g)].map(([, path]) => path!));
  expect(used.size).toBe(1);
  for (const path of used) {
    expect(readdirSync(path)).toEqual([]);
    rmdirSync(path);
  }
});

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 300 || haraka.process.exitCode !== null) throw new Error(haraka.printed());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
