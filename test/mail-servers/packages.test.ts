/** Real packages of mail servers over the lab's mail servers: the code of docs/mail-servers.md, run. */
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { mxConnectDns } from "../../src/resolver/mail-libraries.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { pem } from "../dane/harness.ts";
import { deliver as deliverByNodemailer } from "./examples/nodemailer.ts";
import { dispatcherWith } from "./examples/undici.ts";
import { type MailLab, startMailLab } from "./mail-lab.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const dkimKey = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
const sender = `
  @              TXT "v=spf1 ip4:192.0.2.7 -all"
  s1._domainkey  TXT "v=DKIM1; k=ed25519; p=${dkimKey}"
  _dmarc         TXT "v=DMARC1; p=reject"
`;
const zones: readonly ZoneDescription[] = [
  { apex: "sender.lab.", records: sender },
  {
    apex: "forged.lab.",
    records: sender,
    edit: (zone) => alter(zone, ["s1._domainkey.forged.lab.", TYPE.TXT], () => ({ signatures: [] })),
  },
  { apex: "web.lab.", records: "www A 127.0.0.1" },
  {
    apex: "badweb.lab.",
    records: "www A 127.0.0.1",
    edit: (zone) => alter(zone, ["www.badweb.lab.", TYPE.A], () => ({ signatures: [] })),
  },
];

let lab: MailLab;
beforeAll(async () => {
  lab = await startMailLab(zones);
});
afterAll(() => lab.close());

/** Whether this Node is one that the package is made for. */
function runs(name: string): boolean {
  const { engines } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const wanted = (/>=([\d.]+)/.exec(engines.node)?.[1] ?? "0").split(".").map(Number);
  const here = process.versions.node.split(".").map(Number);
  const differs = wanted.findIndex((part, i) => part !== here[i]);
  return differs < 0 || here[differs]! > wanted[differs]!;
}
const said = (name: string): string =>
  runs(name) ? name : `${name} (left out: it is not made for Node ${process.version})`;

type Deliver = typeof deliverByNodemailer;

/** What the mail servers of the lab must get, and what must wait, whoever delivers. */
function itDelivers(deliver: () => Promise<Deliver>, onBogus: RegExp): void {
  const send = async (domain: string): Promise<unknown> => {
    const message = { from: "me@client.example", to: `you@${domain}`, subject: "hello", text: "hello" };
    return (await deliver())(lab.resolver, message, { helo: "client.example", port: lab.port });
  };
  const arrived = (domain: string) => lab.received.filter(({ recipient }) => recipient === `you@${domain}`);

  it.each([
    ["right.lab", { server: "mx.right.lab", encrypted: true, indicated: "mx.right.lab" }],
    ["ta.lab", { server: "mx.ta.lab", encrypted: true, indicated: "mx.ta.lab" }],
    ["unusable.lab", { server: "mx.unusable.lab", encrypted: true }],
    ["second.lab", { server: "mx2.second.lab", encrypted: true }],
    ["unsigned.lab", { server: "mx.unsigned.lab", encrypted: true }],
    ["clear.lab", { server: "mx.clear.lab", encrypted: false }],
  ])("to %s", async (domain, expected) => {
    const before = arrived(domain).length;
    await send(domain);
    expect(arrived(domain)).toHaveLength(before + 1);
    expect(arrived(domain).at(-1)).toMatchObject(expected);
  });

  it.each([
    ["wrong.lab", /defer 4\.7\.5: .*match none of/],
    ["stripped.lab", /defer 4\.7\.4: .*TLS is required/],
    ["bogus.lab", onBogus],
  ])("not to %s", async (domain, reason) => {
    const before = lab.received.length;
    await expect(send(domain)).rejects.toThrow(reason);
    expect(lab.received).toHaveLength(before);
  });
}

describe("nodemailer", () => {
  itDelivers(async () => deliverByNodemailer, /defer 4\.7\.5: _25\._tcp\.mx\.bogus\.lab\. TLSA is bogus/);
});

describe.skipIf(!runs("mx-connect"))(said("mx-connect"), () => {
  const load = async () => (await import("./examples/mx-connect.ts")).deliver as unknown as Deliver;
  itDelivers(load, /DANE TLSA lookup failed for mx\.bogus\.lab: queryTlsa ESERVFAIL/);

  it("verifies by itself too what it got from resolveTlsa", async () => {
    const { default: mxConnect } = await import("mx-connect");
    const { resolveRecords, resolveTlsa, checkDnssecSecure } = mxConnectDns(lab.resolver);
    const verified = async (target: string): Promise<unknown> => {
      const dane = { enabled: true, resolveTlsa, checkDnssecSecure };
      const mx = await mxConnect({ target, port: lab.port, dnsOptions: { resolveRecords }, dane });
      mx.socket.destroy();
      if (mx.daneVerifier === undefined) return mx.requireTls ?? false;
      expect(mx.requireTls).toBe(true);
      return mx.daneVerifier(mx.hostname, new X509Certificate(pem("leaf")));
    };
    expect(await verified("right.lab")).toBeUndefined();
    expect(await verified("wrong.lab")).toBeInstanceOf(Error);
    expect(await verified("unsigned.lab")).toBe(false);
    expect(await verified("without.lab")).toBe(false);
  });
});

describe("undici", () => {
  const fetched = async (host: string, port: number): Promise<string> => {
    const { fetch } = await import("undici");
    const dispatcher = dispatcherWith(lab.resolver);
    const response = await fetch(`http://${host}:${port}/`, { dispatcher });
    const text = await response.text();
    await dispatcher.close();
    return text;
  };

  it("fetches by our lookup, and not from where nobody knows who it is", async () => {
    const server = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await fetched("www.web.lab", port)).toBe("hello");
      const error = await fetched("www.badweb.lab", port).catch((failure: Error) => failure);
      expect(error).toMatchObject({ cause: { code: "ESERVFAIL", hostname: "www.badweb.lab" } });
    } finally {
      server.close();
    }
  });
});

describe.skipIf(!runs("mailauth"))(said("mailauth"), () => {
  const judged = async (domain: string, ip = "192.0.2.7") => {
    const { judge } = await import("./examples/mailauth.ts");
    const { dkimSign } = await import("mailauth/lib/dkim/sign.js" as string);
    const text = `From: me@${domain}\r\nTo: you@example.net\r\nSubject: hello\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@${domain}>\r\n\r\nhello\r\n`;
    const signing = {
      signingDomain: domain,
      selector: "s1",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
    };
    const { signatures } = await dkimSign(text, { algorithm: "ed25519-sha256", signatureData: [signing] });
    return judge(lab.resolver, signatures + text, { ip, helo: `mail.${domain}`, sender: `me@${domain}` });
  };
  const results = ({ spf, dkim, dmarc }: Awaited<ReturnType<typeof judged>>) => ({
    spf: spf !== false && spf.status.result,
    dkim: dkim?.results[0]?.status.result,
    dmarc: dmarc !== false && dmarc.status.result,
  });

  it("finds SPF, DKIM and DMARC records", async () => {
    expect(results(await judged("sender.lab"))).toEqual({ spf: "pass", dkim: "pass", dmarc: "pass" });
    expect(results(await judged("sender.lab", "192.0.2.8"))).toMatchObject({ spf: "fail", dkim: "pass" });
  });

  it("does not believe a key that somebody forged, nor takes it for absent", async () => {
    expect(results(await judged("forged.lab"))).toMatchObject({ spf: "pass", dkim: "temperror" });
  });
});
