/** The check of a socket by RFC 8461 §4.1, with real handshakes on loopback. Never accepts in doubt. */
import type { AddressInfo } from "node:net";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { Authenticate, Encrypt, Opportunistic } from "../../src/dane/actions.ts";
import { told } from "../../src/dane/codes.ts";
import { verifyDane } from "../../src/dane/verify.ts";
import { systemClock } from "../../src/env/system.ts";
import type { MailPlan } from "../../src/mail/plan-mail.ts";
import { verifyWebPki, type WebPki, type WebPkiMatch, type WebPkiSocket } from "../../src/mail/webpki.ts";
import { Name } from "../../src/wire/name.ts";
import { pem, privateKey } from "../dane/harness.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(sent: string): Promise<number> {
  const certificates = sent.split(" ").map(pem).join("\n");
  const server = createServer({ key: privateKey("leaf"), cert: certificates });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).write("220 mx\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: "127.0.0.1", servername: "mx.ta.lab", rejectUnauthorized: false, ca: pem("root"), ...options },
      () => resolve(socket),
    );
    socket.once("error", reject);
    closing.push(() => socket.destroy());
  });
}

function action(host = "mx.ta.lab", rest: Partial<WebPki> = {}): WebPki {
  const policy = { mode: "enforce", mx: [host], maxAge: 86_400, lines: [] } as const;
  const expires = systemClock.unixSeconds() + 60;
  return { do: "webpki", ...told("sts applies", ""), host: Name.parse(host), sni: host, policy, expires, ...rest };
}

const short = (match: WebPkiMatch): string => (match.kind === "verified" ? `verified ${match.name}` : match.code);

describe("a server is", () => {
  it.each([
    ["leaf intermediate", "verified mx.ta.lab"],
    ["leaf-wildcard intermediate", "verified mx.ta.lab"],
    ["leaf-elsewhere intermediate", "sts name mismatch"],
    ["leaf-partial-wildcard intermediate", "sts name mismatch"],
    ["leaf-cn intermediate", "sts name mismatch"], // Node alone would take the common name
    ["leaf-cn-and-san intermediate", "sts name mismatch"],
    ["leaf-expired intermediate", "sts certificate expired"],
    ["leaf", "sts certificate not trusted"],
    ["leaf-client intermediate", "sts certificate not trusted"],
  ])("with %s: %s", async (sent, expected) => {
    const socket = await handshake({ port: await serve(sent) });
    expect(short(verifyWebPki(socket, action()))).toBe(expected);
  });

  it("not trusted by this machine's CAs alone", async () => {
    const socket = await handshake({ port: await serve("leaf intermediate"), ca: pem("other") });
    expect(verifyWebPki(socket, action())).toMatchObject({
      kind: "refused",
      code: "sts certificate not trusted",
      tlsrpt: "certificate-not-trusted",
      tlsrptPolicy: "sts",
      status: "4.7.5",
    });
  });
});

describe("in doubt", () => {
  it("a resumed session shows no certificate, and is refused", async () => {
    const port = await serve("leaf intermediate");
    const first = await handshake({ port, maxVersion: "TLSv1.2" });
    const session = first.getSession()!;
    first.end();
    const second = await handshake({ port, maxVersion: "TLSv1.2", session });
    expect(second.isSessionReused()).toBe(true);
    expect(short(verifyWebPki(second, action()))).not.toBe("verified mx.ta.lab");
  });

  it("a socket whose server was asked for by another name is refused", async () => {
    const socket = await handshake({ port: await serve("leaf-wildcard intermediate"), servername: "other.lab" });
    expect(short(verifyWebPki(socket, action()))).toBe("sts name mismatch");
  });

  it("a caller who switched Node's own check off gains nothing", async () => {
    const socket = await handshake({
      port: await serve("leaf-elsewhere intermediate"),
      checkServerIdentity: () => undefined,
    });
    expect(socket.authorized).toBe(true);
    expect(short(verifyWebPki(socket, action()))).toBe("sts name mismatch");
  });

  it("a plan that has expired for long is refused, and a clock past the certificate's end as well", async () => {
    const socket = await handshake({ port: await serve("leaf intermediate") });
    const later = (seconds: number) => ({ now: systemClock.unixSeconds() + seconds });
    expect(short(verifyWebPki(socket, action(), later(3000)))).toBe("verified mx.ta.lab");
    expect(short(verifyWebPki(socket, action(), later(4000)))).toBe("sts plan expired");
    const century = 100 * 366 * 86_400;
    const lasting = action("mx.ta.lab", { expires: systemClock.unixSeconds() + century });
    expect(short(verifyWebPki(socket, lasting, later(century)))).toBe("sts certificate expired");
  });

  it("what is no certificate, or no host's name, is refused", () => {
    const socket = (raw?: Buffer): WebPkiSocket => ({
      getPeerCertificate: () => (raw === undefined ? {} : { raw }),
      authorized: true,
      authorizationError: null,
    });
    expect(short(verifyWebPki(socket(Buffer.from("hello")), action()))).toBe("sts name mismatch");
    expect(short(verifyWebPki(socket(), action()))).toBe("sts no certificate");
    expect(short(verifyWebPki(socket(Buffer.from("hello")), action("a\\.b.lab")))).toBe("sts no certificate");
  });
});

it("leaves the list of certificates to verifyDane", async () => {
  const socket = await handshake({ port: await serve("leaf intermediate") });
  verifyWebPki(socket, action());
  expect(socket.getPeerX509Certificate()?.issuerCertificate).toBeDefined();
});

describe("the compiler refuses", () => {
  it("each check what is the other's, and an action that was not looked at", () => {
    const socket = undefined as unknown as TLSSocket;
    const actions = undefined as unknown as { dane: Authenticate; encrypt: Encrypt; plain: Opportunistic };
    const plan = undefined as unknown as MailPlan;
    if (plan !== undefined) {
      // @ts-expect-error DANE's
      verifyWebPki(socket, actions.dane);
      // @ts-expect-error nothing to verify
      verifyWebPki(socket, actions.encrypt);
      // @ts-expect-error nothing to verify
      verifyWebPki(socket, actions.plain);
      // @ts-expect-error look at `do` first
      verifyWebPki(socket, plan.hosts[0]!.action);
      // @ts-expect-error look at `do` first
      verifyDane(socket, plan.hosts[0]!.action);
      // @ts-expect-error MTA-STS's
      verifyDane(socket, action());
    }
    expectTypeOf(verifyWebPki).parameter(1).toEqualTypeOf<WebPki>();
  });
});
