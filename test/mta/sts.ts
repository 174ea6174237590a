/** Domains with MTA-STS policies, the web server that has them, and what Postfix does when `rootwalk policy` tells it how much TLS to want. */
import { X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Daemon, startDaemon } from "../peers/daemon.ts";
import { association, type Certificates } from "./certificates.ts";
import { mailServerNetwork } from "./namespaces.ts";
import { HOSTING, type Row } from "./rows.ts";

const WEB_SERVER = `${mailServerNetwork}.1.1`;
export const POLICY_PORT = 8461;

interface Told {
  readonly domain: string;
  readonly what: string;
  readonly policy: string;
  /** None, or as in a zone. */
  readonly tlsa: "none" | "right" | "wrong";
  /** The host's certificate: by the lab's CA for its name or another one, or self-signed and expired. */
  readonly shows: "its name" | "another name" | "careless";
  readonly expect: Row["policy"];
}

const policy = (mode: string, mx: string): string =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 86400\r\n`;
const verified = /: Verified TLS connection established to /;
const untrusted = /: Untrusted TLS connection established to /;
const refused = /dsn=4\.7\.5, status=deferred \(Server certificate not (?:verified|trusted)\)/;

const stories: readonly Told[] = [
  {
    domain: "sts.lab",
    what: "MTA-STS enforced, the right certificate",
    policy: policy("enforce", "*.sts.lab"),
    tlsa: "none",
    shows: "its name",
    expect: { status: "sent", to: "mx.sts.lab", indicated: "mx.sts.lab", logs: [verified], never: [] },
  },
  {
    domain: "sts-name.lab",
    what: "MTA-STS enforced, a certificate for another name",
    policy: policy("enforce", "mx.sts-name.lab"),
    tlsa: "none",
    shows: "another name",
    expect: { status: "deferred", logs: [refused], never: [verified] },
  },
  {
    domain: "sts-unlisted.lab",
    what: "MTA-STS enforced, the MX host is not listed",
    policy: policy("enforce", "elsewhere.lab"),
    tlsa: "none",
    shows: "careless",
    expect: { status: "deferred", logs: [/dsn=4\.\d\.\d, status=deferred/], never: [/TLS connection established/] },
  },
  {
    domain: "sts-testing.lab",
    what: "MTA-STS in testing: mail goes out whatever the certificate says",
    policy: policy("testing", "mx.sts-testing.lab"),
    tlsa: "none",
    shows: "careless",
    expect: { status: "sent", to: "mx.sts-testing.lab", logs: [untrusted], never: [] },
  },
  {
    domain: "sts-dane.lab",
    what: "DANE right, a certificate that MTA-STS would refuse: DANE decides",
    policy: policy("enforce", "mx.sts-dane.lab"),
    tlsa: "right",
    shows: "careless",
    expect: { status: "sent", to: "mx.sts-dane.lab", logs: [verified], never: [] },
  },
  {
    domain: "sts-dane-wrong.lab",
    what: "DANE wrong, a certificate that MTA-STS would take: DANE decides",
    policy: policy("enforce", "mx.sts-dane-wrong.lab"),
    tlsa: "wrong",
    shows: "its name",
    expect: { status: "deferred", logs: [/no matching DANE TLSA records/, refused], never: [verified] },
  },
];

/** Names for which the CA must issue. */
export const stsNames = stories.flatMap(({ domain, shows }) => [
  `mta-sts.${domain}`,
  ...(shows === "its name" ? [`mx.${domain}`] : []),
]);

export function stsRows({ careless, issuedTo, ca }: Certificates): readonly Row[] {
  const tlsa = {
    right: `TLSA 3 1 1 ${association(new X509Certificate(careless.chain), 1, 1)}`,
    wrong: `TLSA 3 1 1 ${association(ca, 1, 1)}`,
  };
  return stories.map(({ domain, what, tlsa: which, shows, expect }) => {
    const identity = {
      "its name": () => issuedTo(`mx.${domain}`),
      "another name": () => issuedTo("elsewhere.invalid"),
      careless: () => careless,
    };
    const pinned = which === "none" ? "" : `_25._tcp.mx ${tlsa[which]}\n`;
    const records = `@ MX 10 mx\n_mta-sts TXT "v=STSv1; id=1"\nmta-sts A ${WEB_SERVER}\n${pinned}`;
    return {
      domain,
      what,
      zones: [{ apex: `${domain}.`, servers: [HOSTING], records }],
      hosts: { [`mx.${domain}`]: identity[shows]() },
      ...(expect === undefined ? {} : { policy: expect }),
    };
  });
}

/** All policy hosts at one address, told apart by the server name. */
export async function startWebServer({ issuedTo }: Certificates): Promise<void> {
  const contexts = new Map<string, SecureContext>(
    stories.map(({ domain }) => {
      const { key, chain } = issuedTo(`mta-sts.${domain}`);
      return [`mta-sts.${domain}`, createSecureContext({ key, cert: chain })] as const;
    }),
  );
  const texts = new Map<string, string>(stories.map((story) => [`mta-sts.${story.domain}`, story.policy]));
  const server = createServer({ SNICallback: (name, done) => done(null, contexts.get(name)) }, (request, response) => {
    const text = request.url === "/.well-known/mta-sts.txt" ? texts.get(request.headers.host ?? "") : undefined;
    response.writeHead(text === undefined ? 404 : 200, { "content-type": "text/plain" }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(443, WEB_SERVER, resolve));
}

export function startPolicy(given: {
  readonly hintsFile: string;
  readonly anchorsFile: string;
  readonly caFile: string;
  readonly folder: string;
}): Promise<Daemon> {
  const { hintsFile, anchorsFile, caFile, folder } = given;
  return startDaemon({
    name: "rootwalk-policy",
    command: "env",
    args: [
      ...[
        `NODE_EXTRA_CA_CERTS=${caFile}`,
        process.execPath,
        join(process.cwd(), "dist/main.js"),
        "policy",
        "--verbose",
      ],
      ...["--listen", `127.0.0.1:${POLICY_PORT}`, "--mta-sts-dir", join(folder, "mta-sts"), "--query-private"],
      ...["--root-hints", hintsFile, "--trust-anchor-file", anchorsFile],
    ],
    folder,
    isReady: () =>
      new Promise((resolve) => {
        const socket = connect(POLICY_PORT, "127.0.0.1");
        socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
        socket.on("connect", () => socket.destroy());
      }),
  });
}
