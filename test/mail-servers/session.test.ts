/** From a plan to a socket: who gets mail, who does not, and that mail software can go on with the socket. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planDelivery } from "../../src/dane/smtp-plan.ts";
import { openSession, type Session, type SessionOptions } from "../../src/mail/session.ts";
import { type MailLab, startMailLab } from "./mail-lab.ts";

let lab: MailLab;
beforeAll(async () => {
  lab = await startMailLab();
});
afterAll(() => lab.close());

async function sessionWith(domain: string, options: Partial<SessionOptions> = {}): Promise<Session> {
  const session = await openSession(await planDelivery(lab.resolver, domain), {
    helo: "client.example",
    port: lab.port,
    ...options,
  });
  if (session.kind === "open") session.socket.destroy();
  return session;
}

describe("who gets mail", () => {
  it.each([
    ["right.lab", "authenticated", 0],
    ["ta.lab", "authenticated", 1],
    ["unusable.lab", "encrypted", null],
    ["without.lab", "encrypted", null],
    ["unsigned.lab", "encrypted", null],
    ["clear.lab", "in the clear", null],
  ] as const)("%s: %s", async (domain, security, depth) => {
    const session = await sessionWith(domain);
    expect(session).toMatchObject({ kind: "open", security, tried: [] });
    if (session.kind === "open") expect(session.match?.depth ?? null).toBe(depth);
  });

  it.each([
    ["wrong.lab", "no record matches", "4.7.5", "validation-failure"],
    ["stripped.lab", "starttls missing", "4.7.4", "starttls-not-supported"],
    ["bogus.lab", "tlsa failed", "4.7.5", "dnssec-invalid"],
  ] as const)("not %s: %s", async (domain, code, status, tlsrpt) => {
    expect(await sessionWith(domain)).toMatchObject({ kind: "none", do: "defer", code, status, tlsrpt });
  });

  it("the second host where the first is somebody else, and the first one is reported", async () => {
    const session = await sessionWith("second.lab");
    expect(session).toMatchObject({ kind: "open", security: "authenticated", tried: [{ code: "no record matches" }] });
    if (session.kind === "open") expect(`${session.host.name}`).toBe("mx2.second.lab.");
  });

  it("nobody where the domain takes no mail", async () => {
    expect(await sessionWith("null.lab")).toMatchObject({ kind: "none", do: "bounce", code: "null mx" });
  });

  it("nobody where nobody listens", async () => {
    expect(await sessionWith("right.lab", { port: 9 })).toMatchObject({
      kind: "none",
      do: "defer",
      code: "connection failed",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("the socket", () => {
  it.each(["right.lab", "clear.lab"])(
    "to %s starts with the greeting, and EHLO is answered after it",
    async (domain) => {
      const session = await openSession(await planDelivery(lab.resolver, domain), { helo: "c", port: lab.port });
      if (session.kind !== "open") throw new Error(session.reason);
      const { socket } = session;
      let heard = "";
      await new Promise<void>((resolve) => {
        socket.on("data", (octets) => {
          if (heard === "") socket.write("EHLO again\r\n");
          heard += String(octets);
          if (/^250 /m.test(heard)) resolve();
        });
      });
      socket.destroy();
      expect(heard).toMatch(new RegExp(`^220 mx\\.${domain} ESMTP\r\n250`));
      expect(heard.slice(4)).not.toContain("STARTTLS");
      expect(socket instanceof TLSSocket).toBe(domain === "right.lab");
    },
  );

  it("comes with no listener that would keep data from others", async () => {
    const session = await openSession(await planDelivery(lab.resolver, "right.lab"), { helo: "c", port: lab.port });
    if (session.kind !== "open") throw new Error(session.reason);
    expect(session.socket.listenerCount("data") + session.socket.listenerCount("readable")).toBe(0);
    session.socket.destroy();
  });
});

/** One server on the address of right.lab, which talks as told; plans stay what they are. */
async function against(talk: (socket: Socket) => void, domain = "right.lab", options: Partial<SessionOptions> = {}) {
  const plan = await planDelivery(lab.resolver, domain);
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, plan.hosts[0]!.addresses[0], resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const session = await openSession(plan, { helo: "client.example", port, ...options });
    if (session.kind === "open") session.socket.destroy();
    return session;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Says these things in turn, one for each thing heard; the first at once. */
function saying(...replies: readonly string[]): (socket: Socket) => void {
  return (socket) => {
    const left = [...replies];
    const next = (): void => {
      const reply = left.shift();
      if (reply !== undefined) socket.write(reply);
    };
    next();
    socket.on("data", next);
  };
}

const OFFER = "250-mx\r\n250 STARTTLS\r\n";

describe("servers that do not behave", () => {
  it.each([
    ["turns away", saying("554 no\r\n"), "session refused", "554 no"],
    ["closes at once", (socket: Socket) => socket.end(), "connection failed", "closed"],
    ["closes in the middle of a line", (socket: Socket) => socket.end("220 m"), "connection failed", "closed"],
    ["speaks something else", saying("SSH-2.0-x\r\n"), "connection failed", '"SSH-2.0-x" is no reply'],
    ["never ends its greeting", saying("220-a\r\n".repeat(3000)), "connection failed", "more than 16384 octets"],
    ["changes its code", saying("220-a\r\n221 b\r\n"), "connection failed", "is no reply"],
    ["speaks before it is asked", saying("220 mx\r\n250 ok\r\n"), "connection failed", "before it was asked"],
    ["shuts down", saying("220 mx\r\n", "421 later\r\n"), "session refused", "421 later"],
    ["knows no EHLO", saying("220 mx\r\n", "502 what\r\n"), "starttls missing", "TLS is required"],
    [
      "offers STARTTLS in its name only",
      saying("220 mx\r\n", "250 STARTTLS\r\n"),
      "starttls missing",
      "TLS is required",
    ],
    ["takes STARTTLS back", saying("220 mx\r\n", OFFER, "454 not now\r\n"), "handshake failed", "TLS is required"],
    [
      "sends plain text behind the reply to STARTTLS",
      saying("220 mx\r\n", OFFER, "220 go\r\n250 injected\r\n"),
      "handshake failed",
      "plain text",
    ],
    ["speaks no TLS", saying("220 mx\r\n", OFFER, "220 go\r\n", "no TLS\r\n"), "handshake failed", "handshake"],
  ] as const)("one that %s is passed over", async (_, talk, code, words) => {
    expect(await against(talk)).toMatchObject({
      kind: "none",
      do: "defer",
      code,
      reason: expect.stringContaining(words),
    });
  });

  it.each([
    ["says nothing", saying(), "no reply within"],
    ["answers no EHLO", saying("220 mx\r\n"), "no reply within"],
    ["does not shake hands", saying("220 mx\r\n", OFFER, "220 go\r\n"), "no TLS handshake within"],
  ] as const)("one that %s is left after a time", async (_, talk, words) => {
    const patience = { greetingMs: 60, replyMs: 60, handshakeMs: 60 };
    const session = await against(talk, "right.lab", { patience });
    expect(session).toMatchObject({ kind: "none", do: "defer", reason: expect.stringContaining(words) });
  });

  it("a failing handshake goes on in the clear only where nobody asked for TLS", async () => {
    let connections = 0;
    const talk = (socket: Socket): void => {
      connections++;
      saying("220 mx\r\n", OFFER, "220 go\r\n", "no TLS\r\n")(socket);
    };
    expect(await against(talk, "without.lab")).toMatchObject({ kind: "open", security: "in the clear" });
    expect(connections).toBe(2);
    expect(await against(talk, "unusable.lab")).toMatchObject({ kind: "none", code: "handshake failed" });
    expect(connections).toBe(3);
  });

  it("what a server says comes into the log as plain text", async () => {
    const { reason } = (await against(saying("554 \u001b[2Jno\u0007\r\n"))) as { reason: string };
    expect(reason).toContain("554 [2Jno");
  });

  it("a resumed TLS session would show no certificate: none is offered", async () => {
    for (let i = 0; i < 3; i++) expect(await sessionWith("right.lab")).toMatchObject({ security: "authenticated" });
  });
});

describe("the caller", () => {
  it("may stop waiting", async () => {
    const session = await against(saying("220 mx\r\n"), "right.lab", { signal: AbortSignal.timeout(50) });
    expect(session).toMatchObject({ kind: "none", do: "defer", reason: expect.stringContaining("nobody waits") });
    expect(await sessionWith("second.lab", { signal: AbortSignal.abort() })).toMatchObject({
      kind: "none",
      tried: [expect.anything()],
    });
  });

  it.each(["", "two words", "line\r\nRSET"])("cannot say EHLO with %j", async (helo) => {
    await expect(sessionWith("right.lab", { helo })).rejects.toThrow(TypeError);
  });
});
