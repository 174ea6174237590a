import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import type { StarttlsProtocol } from "../../src/mail/dialogs.ts";
import { openTls, type TlsPatience } from "../../src/mail/tls-client.ts";
import { esmtp, mailServer, type Running, type Script, type ServerPlan } from "./servers.ts";

const running: Running[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

const patient: TlsPatience = { connectMs: 60_000, greetingMs: 60_000, replyMs: 60_000, handshakeMs: 60_000 };

async function open(
  plan: ServerPlan,
  starttls: StarttlsProtocol | "none" = "smtp",
  patience = patient,
  signal?: AbortSignal,
): Promise<string> {
  const server = await mailServer(plan);
  running.push(server);
  const target = { address: "127.0.0.1", port: server.port, starttls, sni: "mx.lab", client: "client.lab" };
  const outcome = await openTls(target, { timer: systemClock, patience, signal });
  if (outcome.kind === "failed") return `${outcome.code}: ${outcome.reason}`;
  const subject = outcome.socket.getPeerX509Certificate()?.subject;
  outcome.socket.destroy();
  return `${subject} for ${server.indicated.join()}`;
}

const fine = "CN=Leaf for mx.lab";
const replies =
  (table: Readonly<Record<string, string>>): Script =>
  (line) =>
    table[line.split(" ")[0]!] ?? esmtp(line);

describe("STARTTLS by SMTP", () => {
  it("reads multi-line greetings and replies, in one packet or in many", async () => {
    expect(await open({})).toBe(fine);
    expect(await open({ inPieces: true })).toBe(fine);
  });
  it("takes lines that end in LF only, and extensions in any case", async () => {
    expect(await open({ greeting: "220 mx\n", script: replies({ EHLO: "250-mx\n250-starttls\n250 X\n" }) })).toBe(fine);
  });
  it("takes a greeting without text", async () => {
    expect(await open({ greeting: "220\r\n" })).toBe(fine);
  });
  it("speaks LMTP", async () => {
    expect(await open({}, "lmtp")).toBe(fine);
  });

  it.each<[string, ServerPlan, string]>([
    ["421", { greeting: "421 mx.lab too busy\r\n" }, "refused: the greeting: 421 mx.lab too busy"],
    ["554", { greeting: "554-no\r\n554 mail here\r\n" }, "refused: the greeting: 554 no mail here"],
    ["421 to EHLO", { script: replies({ EHLO: "421 bye\r\n" }) }, "refused: EHLO client.lab: 421 bye"],
    ["502 to EHLO", { script: replies({ EHLO: "502 what?\r\n" }) }, "no starttls: EHLO client.lab: 502 what?"],
    ["no STARTTLS", { script: replies({ EHLO: "250-STARTTLS\r\n250 SIZE\r\n" }) }, "no starttls: it offers SIZE"],
    ["no extensions", { script: replies({ EHLO: "250 mx\r\n" }) }, "no starttls: it offers nothing"],
    [
      "an extension like it",
      { script: replies({ EHLO: "250-mx\r\n250 STARTTLSX\r\n" }) },
      "no starttls: it offers STARTTLSX",
    ],
    ["454 to STARTTLS", { script: replies({ STARTTLS: "454 no key\r\n" }) }, "refused: STARTTLS: 454 no key"],
    ["501 to STARTTLS", { script: replies({ STARTTLS: "501 no\r\n" }) }, "refused: STARTTLS: 501 no"],
    ["HTTP", { greeting: "HTTP/1.1 400 Bad Request\r\n" }, 'garbled: "HTTP/1.1 400 Bad Request" is no reply'],
    ["codes that differ", { greeting: "220-a\r\n250 b\r\n" }, 'garbled: "250 b" is no reply'],
    ["codes of two digits", { greeting: "22 a\r\n" }, 'garbled: "22 a" is no reply'],
    ["terminal codes", { greeting: "\x1b[2Jboo\r\n" }, 'garbled: "\\x1b[2Jboo" is no reply'],
    ["an endless reply", { greeting: "220-x\r\n".repeat(101) }, "garbled: a reply of more than 100 lines"],
    ["a long line", { greeting: `220 ${"x".repeat(5000)}\r\n` }, "garbled: a line of more than 4096 octets"],
    ["a line without end", { greeting: "x".repeat(5000) }, "garbled: a line of more than 4096 octets"],
    ["a flood", { greeting: `220-${"x".repeat(3000)}\r\n`.repeat(30) }, "garbled: more than 65536 octets before TLS"],
  ])("%s ends it", async (_, plan, outcome) => {
    // A flood may be noticed by its size or by what is left to read when the dialog goes on.
    expect(await open(plan)).toBe(outcome);
  });

  it("a server that hangs up ends it at once", async () => {
    expect(await open({ script: replies({ EHLO: "hang up" }) })).toMatch(/^closed: /);
    expect(await open({ script: replies({ STARTTLS: "hang up" }) })).toMatch(/^closed: /);
  });
  it("a server that says nothing is waited for so long", async () => {
    const greetingMs = { ...patient, greetingMs: 200 };
    expect(await open({ greeting: null }, "smtp", greetingMs)).toBe("timeout: no greeting within 0.2 s");
    expect(await open({ greeting: "220-only half\r\n" }, "smtp", greetingMs)).toBe("timeout: no greeting within 0.2 s");
    const replyMs = { ...patient, replyMs: 200 };
    expect(await open({ script: () => null }, "smtp", replyMs)).toBe("timeout: no reply within 0.2 s");
  });
  it("a server that agrees to TLS and then says nothing, too", async () => {
    const handshakeMs = { ...patient, handshakeMs: 200 };
    // Not even of the line ends that a ClientHello, random as it is, has now and then.
    const mute: Script = (line) => (line === "STARTTLS" ? "220 go\r\n" : line.startsWith("EHLO") ? esmtp(line) : null);
    expect(await open({ script: mute }, "smtp", handshakeMs)).toBe("timeout: no TLS handshake within 0.2 s");
  });
  it("nobody at the port is unreachable", async () => {
    const server = await mailServer();
    server.close();
    const target = { address: "127.0.0.1", port: server.port, starttls: "smtp", sni: null, client: "c" } as const;
    expect(await openTls(target, { timer: systemClock })).toMatchObject({
      code: "unreachable",
      reason: "ECONNREFUSED",
    });
  });
  it("an abort ends it at any time", async () => {
    const stop = new AbortController();
    const waiting = open({ greeting: null }, "smtp", patient, stop.signal);
    setTimeout(() => stop.abort(), 50);
    expect(await waiting).toBe("timeout: stopped");
    expect(await open({}, "smtp", patient, AbortSignal.abort())).toBe("timeout: stopped");
  });
});

/** Words put into the clear part of a session must not be read as if TLS had protected them (the class of CVE-2011-0411). */
describe("plain text behind the reply to STARTTLS", () => {
  it.each(["220 injected\r\n", "x", "250 mx\r\n250 AUTH PLAIN\r\n"])("%j is refused", async (behind) => {
    expect(await open({ behind })).toBe("injected: plain text stands behind the reply to STARTTLS");
  });
  it("and replies ahead of their questions are refused", async () => {
    const eager = replies({ EHLO: "250-mx\r\n250 STARTTLS\r\n220 go ahead\r\n" });
    expect(await open({ script: eager })).toBe("injected: text stood there before STARTTLS was said");
  });
  it("so that nothing of TLS is tried", async () => {
    const server = await mailServer({ behind: "220 injected\r\n" });
    running.push(server);
    const target = { address: "127.0.0.1", port: server.port, starttls: "smtp", sni: "mx.lab", client: "c" } as const;
    await openTls(target, { timer: systemClock, patience: patient });
    expect(server.indicated).toEqual([]);
  });
});

describe("TLS", () => {
  it("from the first octet", async () => {
    expect(await open({ greeting: "TLS" }, "none")).toBe(fine);
  });
  it("with a server that speaks something else is no handshake", async () => {
    expect(await open({ greeting: "220 mx\r\n" }, "none")).toMatch(/^(?:handshake failed|injected): /);
  });
  it("with versions too old for us is none either", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await open({ tls: old })).toMatch(/^handshake failed: /);
  });
});

const imap: ServerPlan = {
  greeting: "* OK [CAPABILITY IMAP4rev1] ready\r\n",
  script: (line) => {
    if (line === "a1 CAPABILITY") return "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n";
    return line === "a2 STARTTLS" ? "STARTTLS!a2 OK go\r\n" : null;
  },
};
const pop3: ServerPlan = {
  greeting: "+OK ready\r\n",
  script: (line) => (line === "CAPA" ? "+OK\r\nUSER\r\nSTLS\r\n.\r\n" : line === "STLS" ? "STARTTLS!+OK go\r\n" : null),
};
const sieve: ServerPlan = {
  greeting: '"IMPLEMENTATION" "lab"\r\n"STARTTLS"\r\nOK "ready"\r\n',
  script: (line) => (line === "STARTTLS" ? 'STARTTLS!OK "go"\r\n' : null),
};

describe("STARTTLS by other protocols", () => {
  it.each<[StarttlsProtocol, ServerPlan]>([
    ["imap", imap],
    ["pop3", pop3],
    ["sieve", sieve],
  ])("%s works, in one packet or in many", async (protocol, plan) => {
    expect(await open(plan, protocol)).toBe(fine);
    expect(await open({ ...plan, inPieces: true }, protocol)).toBe(fine);
  });
  it.each<[StarttlsProtocol, ServerPlan, string]>([
    ["imap", { ...imap, greeting: "* PREAUTH hello\r\n" }, "no starttls: the greeting is * PREAUTH hello"],
    ["imap", { ...imap, greeting: "* BYE\r\n" }, "refused: the greeting: * BYE"],
    ["imap", { ...imap, script: () => "* CAPABILITY IMAP4rev1\r\na1 OK\r\n" }, "no starttls: it offers IMAP4rev1"],
    ["imap", { ...imap, script: () => "a1 BAD what\r\n" }, "refused: CAPABILITY: a1 BAD what"],
    [
      "imap",
      { ...imap, behind: "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" },
      "injected: plain text stands behind the reply to STARTTLS",
    ],
    [
      "pop3",
      { ...pop3, script: (line) => (line === "CAPA" ? "+OK\r\n.\r\n" : null) },
      "no starttls: it offers nothing",
    ],
    ["pop3", { ...pop3, script: () => "-ERR no\r\n" }, "no starttls: STLS: -ERR no"],
    ["pop3", { ...pop3, greeting: "-ERR busy\r\n" }, "refused: the greeting: -ERR busy"],
    ["pop3", { ...pop3, greeting: "220 mx\r\n" }, 'garbled: "220 mx" is no reply'],
    ["sieve", { ...sieve, greeting: 'OK "ready"\r\n' }, "no starttls: it offers nothing"],
    ["sieve", { ...sieve, script: () => "NO\r\n" }, "refused: STARTTLS: NO"],
  ])("%s may fail as well", async (protocol, plan, outcome) => {
    expect(await open(plan, protocol)).toBe(outcome);
  });
});
