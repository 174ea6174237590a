/** Real handshakes on loopback: what Node tells of them, and what becomes of a plan. */
import type { AddressInfo } from "node:net";
import { type ConnectionOptions, createServer, type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Authenticate } from "../../src/dane/actions.ts";
import { told } from "../../src/dane/codes.ts";
import { anyUsagePolicy, smtpPolicy } from "../../src/dane/records.ts";
import { planDelivery } from "../../src/dane/smtp-plan.ts";
import { peerChain, verifyDane } from "../../src/dane/verify.ts";
import { systemClock } from "../../src/env/system.ts";
import { inWorld, LAB_NOW, names, pem, privateKey, tlsaLine, unsafeSecure } from "./harness.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that shows `sent`, and a client's socket just after secureConnect. */
async function shake(sent: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const port = await serve(sent, options.maxVersion);
  return handshake({ port, ...options });
}

async function serve(sent: string, maxVersion: ConnectionOptions["maxVersion"] = "TLSv1.3"): Promise<number> {
  const certificates = sent.split(" ");
  const key = privateKey(certificates[0] === "leaf-rsa" ? "rsa" : "leaf");
  const server = createServer({ key, cert: certificates.map(pem).join("\n"), maxVersion });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).end("220 mx\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(
      { host: "127.0.0.1", servername: "mx.ta.lab", rejectUnauthorized: false, ...options },
      () => resolve(socket),
    );
    socket.once("error", reject);
    closing.push(() => socket.destroy());
  });
}

function plan(...records: string[]): Authenticate {
  return {
    do: "authenticate",
    ...told("tlsa usable", ""),
    tlsa: unsafeSecure(...records),
    policy: smtpPolicy,
    base: names("mx.ta.lab")[0]!,
    sni: "mx.ta.lab",
    names: names("mx.ta.lab"),
    expires: systemClock.unixSeconds() + 60,
  };
}

const subjects = (socket: TLSSocket): string[] => peerChain(socket).map(({ subject }) => subject);

describe("what the peer sent", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)("comes as it was sent, strangers and all, with %s", async (maxVersion) => {
    const socket = await shake("leaf other root intermediate other", { maxVersion });
    expect(subjects(socket)).toEqual(["CN=Leaf", "CN=Other Root", "CN=Root", "CN=Intermediate", "CN=Other Root"]);
    expect(subjects(socket)).toHaveLength(5); // Node would not say it twice
  });

  it("is not completed from this machine's store", async () => {
    const socket = await shake("leaf intermediate", { ca: [pem("root")] });
    expect(subjects(socket)).toEqual(["CN=Leaf", "CN=Intermediate"]);
    expect(verifyDane(socket, plan("2 0 1 root"), { list: "fresh" })).toMatchObject({
      kind: "refused",
      code: "no record matches",
    });
  });
});

describe("verifyDane", () => {
  it.each([
    ["3 1 1 leaf", "self-expired"],
    ["2 1 1 root", "leaf intermediate root"],
    ["2 0 1 root", "leaf root intermediate"],
    ["2 1 0 root", "leaf intermediate"],
    ["3 1 1 leaf-rsa", "leaf-rsa"],
  ])("takes %s for %s", async (tlsa, sent) => {
    expect(verifyDane(await shake(sent), plan(tlsa))).toMatchObject({ kind: "verified" });
  });

  it.each([
    ["3 1 1 !leaf", "leaf", "no record matches"],
    ["2 1 1 root", "leaf-elsewhere intermediate root", "name mismatch"],
    ["2 1 1 root", "leaf-expired intermediate root", "certificate expired"],
    ["2 1 1 other", "leaf intermediate root other", "certificate not trusted"],
  ])("does not take %s for %s", async (tlsa, sent, code) => {
    expect(verifyDane(await shake(sent), plan(tlsa))).toMatchObject({ kind: "refused", code });
  });

  it("is asked although Node asks nobody: without it a wrong server passes", async () => {
    let asked = 0;
    const socket = await shake("self-expired", { checkServerIdentity: () => void asked++ });
    expect(asked).toBe(0);
    expect(verifyDane(socket, plan("3 1 1 !leaf")).kind).toBe("refused");
  });

  it("takes usages 0 and 1 only with public PKIX, of which this machine's list decides", async () => {
    const pkix = { ...plan("1 1 1 leaf", "0 0 1 root"), policy: anyUsagePolicy };
    const trusted = await shake("leaf intermediate", { ca: [pem("root")] });
    expect(verifyDane(trusted, pkix)).toMatchObject({ kind: "verified", record: { usage: 1 } });
    expect(verifyDane(trusted, { ...pkix, tlsa: unsafeSecure("0 0 1 root") })).toMatchObject({
      kind: "verified",
      depth: 2,
    });
    expect(verifyDane(trusted, { ...pkix, tlsa: unsafeSecure("0 0 1 other") })).toMatchObject({ kind: "refused" });
    const stranger = await shake("leaf intermediate", { ca: [pem("other")] });
    expect(verifyDane(stranger, pkix)).toMatchObject({ kind: "refused", code: "certificate not trusted" });
  });

  it("asks Node for the list of what was sent once for each server, and not at all where the server's own certificate is pinned", async () => {
    const asks: boolean[] = [];
    const ask = async (tlsa: string): Promise<string> => {
      const socket = await shake("leaf-wildcard intermediate root");
      const get = socket.getPeerX509Certificate.bind(socket);
      let asked = false;
      socket.getPeerX509Certificate = () => {
        asked = true;
        return get();
      };
      const { kind } = verifyDane(socket, plan(tlsa));
      asks.push(asked);
      return kind;
    };
    expect(await ask("3 1 1 leaf")).toBe("verified");
    expect(await ask("3 1 1 !leaf")).toBe("refused");
    expect(await ask("2 1 1 root")).toBe("verified");
    expect(await ask("2 1 1 root")).toBe("verified");
    expect(await ask("2 1 1 intermediate")).toBe("verified");
    expect(await ask("2 1 1 !root")).toBe("refused");
    expect(asks).toEqual([false, false, true, false, false, true]);
  });

  it("does not take a bare key's word against the certificate that was sent with it", async () => {
    expect(verifyDane(await shake("leaf"), plan("2 1 0 intermediate")).kind).toBe("verified");
    const socket = await shake("leaf intermediate-expired");
    expect(verifyDane(socket, plan("2 1 0 intermediate"))).toMatchObject({
      kind: "refused",
      code: "certificate expired",
    });
  });

  it("refuses, and says why, if Node has no certificates left to show", async () => {
    const socket = await shake("leaf");
    socket.getPeerX509Certificate();
    const match = verifyDane(socket, plan("3 1 1 leaf"));
    expect(match).toMatchObject({ kind: "refused", code: "no certificate" });
    expect(match.reason).toContain("getPeerX509Certificate was called before verifyDane");
  });

  it("refuses a resumed session, of which Node keeps no certificates", async () => {
    const port = await serve("leaf");
    const first = await handshake({ port });
    const session = await new Promise<Buffer>((resolve) => first.once("session", resolve));
    const second = await handshake({ port, session });
    expect(second.isSessionReused()).toBe(true);
    expect(verifyDane(second, plan("3 1 1 leaf"))).toMatchObject({ kind: "refused", code: "no certificate" });
  });

  it("refuses a plan that is long over", async () => {
    const old = plan("3 1 1 leaf");
    const socket = await shake("leaf");
    expect(verifyDane(socket, old, { now: old.expires + 1800 }).kind).toBe("verified");
    expect(verifyDane(socket, old, { now: old.expires + 3601 })).toMatchObject({
      kind: "refused",
      code: "plan expired",
    });
  });
});

describe("from a domain to a verified socket", () => {
  const zone = (tlsa: string) => ({
    apex: "ta.lab.",
    records: `@ MX 10 mx\nmx A 127.0.0.1\n${tlsaLine("_25._tcp.mx", tlsa)}`,
  });

  it.each([
    ["3 1 1 leaf", "verified"],
    ["2 0 1 root", "verified"],
    ["3 1 1 !leaf", "refused"],
  ])("with %s it is %s", async (tlsa, outcome) => {
    const { hosts } = await inWorld([zone(tlsa)], ({ resolver, clock }) => planDelivery(resolver, "ta.lab", { clock }));
    const { action, addresses } = hosts[0]!;
    if (action.do !== "authenticate") throw new Error(`${action.do}: ${action.reason}`);
    const port = await serve("leaf intermediate root");
    const socket = await handshake({ host: addresses[0]!, port, servername: action.sni });
    expect(verifyDane(socket, action, { now: LAB_NOW }).kind).toBe(outcome);
  });
});
