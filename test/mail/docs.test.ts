/** The session of docs/mta-sts.md: it is this file's neighbour, and it delivers, refuses and reports. */
import { readFileSync } from "node:fs";
import { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { createSts } from "../../src/mail/sts.ts";
import { createTlsrptCollector, dayOf } from "../../src/mail/tlsrpt-collector.ts";
import { pem, tlsaLine } from "../dane/harness.ts";
import { shownOn } from "../docs/page.ts";
import { openSession } from "./example.ts";
import { mailServer, type Offer, resolverFor } from "./starttls-server.ts";

interface Story {
  readonly tlsa?: string;
  readonly policy?: string;
  readonly server?: Offer;
  readonly leaf?: string;
}

const policy = (mode: string, mx = "mx.ta.lab"): string => `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`;

/** What became of it, and what the report says: "tls; sts: 1 ok, 0 failed, certificate-expired". */
async function told({ tlsa = "", policy: text = "", server = "STARTTLS", leaf = "leaf" }: Story): Promise<string> {
  const txt = text === "" ? "" : '_mta-sts TXT "v=STSv1; id=1"\n';
  const records = `@ MX 10 mx\nmx A 127.0.0.1\n${txt}${tlsa === "" ? "" : tlsaLine("_25._tcp.mx", tlsa)}`;
  const resolver = resolverFor(records);
  const sts = createSts({ resolver, fetch: async () => ({ kind: "text", text }) });
  const reports = createTlsrptCollector({ clock: { unixSeconds: () => 0 } });
  const port = await mailServer(server, leaf);
  let outcome: string;
  try {
    const { socket } = await openSession({ resolver, sts, reports, port, tls: { ca: pem("root") } }, "ta.lab");
    outcome = socket instanceof TLSSocket ? "tls" : "clear";
    socket.destroy();
  } catch (error) {
    outcome = (error as Error).message.slice(0, 60);
  }
  const lines = reports
    .take(dayOf(0))
    .flatMap(({ policies }) =>
      policies.map(({ policy: { type }, successful, failed, failures }) =>
        [`${type}: ${successful} ok, ${failed} failed`, ...failures.map(({ result }) => result)].join(", "),
      ),
    );
  return [outcome, ...lines].join("; ");
}

describe("the session of docs/mta-sts.md", () => {
  it("stands there as it stands here, but for what it imports from", () => {
    const code = readFileSync(new URL("./example.ts", import.meta.url), "utf8");
    expect(shownOn("mta-sts.md", "ts")).toContain(code.slice(code.indexOf("interface Sender")));
  });

  it.each<[string, Story, string]>([
    ["DANE, right", { tlsa: "3 1 1 leaf" }, "tls; tlsa: 1 ok, 0 failed"],
    [
      "DANE, wrong, whatever MTA-STS says",
      { tlsa: "3 1 1 !leaf", policy: policy("enforce") },
      "defer: mx.ta.lab. 4.7.5 CN=Leaf and its issuers match none o; tlsa: 0 ok, 1 failed, validation-failure",
    ],
    [
      "DANE, and no STARTTLS",
      { tlsa: "3 1 1 leaf", server: "nothing" },
      "defer: mx.ta.lab. 4.7.4 mx.ta.lab. has TLSA records, so TLS ; tlsa: 0 ok, 1 failed, starttls-not-supported",
    ],
    [
      "DANE, and broken TLS",
      { tlsa: "3 1 1 leaf", server: "broken TLS" },
      "defer: mx.ta.lab. 4.7.5 mx.ta.lab. has TLSA records, so TLS ; tlsa: 0 ok, 1 failed, validation-failure",
    ],
    ["unusable TLSA", { tlsa: "1 1 1 leaf" }, "tls; tlsa: 1 ok, 0 failed, tlsa-invalid"],
    ["MTA-STS, right", { policy: policy("enforce") }, "tls; sts: 1 ok, 0 failed"],
    [
      "MTA-STS, certificate for another name",
      { policy: policy("enforce"), leaf: "leaf-elsewhere" },
      "defer: mx.ta.lab. 4.7.5 the certificate of mx.ta.lab is not ; sts: 0 ok, 1 failed, certificate-host-mismatch",
    ],
    [
      "MTA-STS, certificate expired",
      { policy: policy("enforce"), leaf: "leaf-expired" },
      "defer: mx.ta.lab. 4.7.5 the certificate of mx.ta.lab is not ; sts: 0 ok, 1 failed, certificate-expired",
    ],
    [
      "MTA-STS, host not listed",
      { policy: policy("enforce", "other.lab") },
      "defer: mx.ta.lab. 4.7.5 mx.ta.lab. is no MX host of the MTA-; sts: 0 ok, 1 failed, validation-failure",
    ],
    [
      "MTA-STS, no STARTTLS",
      { policy: policy("enforce"), server: "nothing" },
      "defer: mx.ta.lab. 4.7.4 an MTA-STS policy requires TLS with ; sts: 0 ok, 1 failed, starttls-not-supported",
    ],
    ["testing, right", { policy: policy("testing") }, "tls; sts: 1 ok, 0 failed"],
    [
      "testing, wrong certificate",
      { policy: policy("testing"), leaf: "leaf-elsewhere" },
      "tls; sts: 1 ok, 0 failed, certificate-host-mismatch",
    ],
    [
      "testing, no STARTTLS",
      { policy: policy("testing"), server: "nothing" },
      "clear; sts: 1 ok, 0 failed, starttls-not-supported",
    ],
    ["a policy that is none", { policy: "<html>" }, "tls; sts: 1 ok, 0 failed, sts-policy-invalid"],
    ["nothing at all", { server: "nothing" }, "clear; no-policy-found: 1 ok, 0 failed"],
  ])("%s", async (_title, story, expected) => expect(await told(story)).toBe(expected));
});
