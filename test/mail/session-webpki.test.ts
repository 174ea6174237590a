import { describe, expect, it } from "vitest";
import { told } from "../../src/dane/codes.ts";
import { systemClock } from "../../src/env/system.ts";
import { openSession, type SessionOptions } from "../../src/mail/session.ts";
import type { WebPki } from "../../src/mail/webpki.ts";
import { Name } from "../../src/wire/name.ts";
import { pem } from "../dane/harness.ts";
import { mailServer } from "./starttls-server.ts";

/** The lab's CA in place of this machine's, which the types of `tls` do not let a program choose. */
const unsafeTrust = { ca: pem("root") } as object;

async function session(offer: "STARTTLS" | "nothing" | "broken TLS", leaf: string, tls: object = unsafeTrust) {
  const host = Name.parse("mx.ta.lab");
  const policy = { mode: "enforce", mx: ["mx.ta.lab"], maxAge: 86_400, lines: [] } as const;
  const why = told("sts applies", "");
  const expires = systemClock.unixSeconds() + 60;
  const action: WebPki = { do: "webpki", ...why, host, sni: "mx.ta.lab", policy, expires };
  const plan = {
    do: "deliver",
    ...why,
    hosts: [{ name: host, preference: 10, addresses: ["127.0.0.1"], action }],
  } as const;
  const options: SessionOptions = { helo: "client.example", port: await mailServer(offer, leaf), tls };
  const opened = await openSession(plan, options);
  if (opened.kind === "open") opened.socket.destroy();
  return opened.kind === "open" ? opened.security : `${opened.do} ${opened.status} ${opened.code}`;
}

describe("a session that MTA-STS decides on", () => {
  it.each([
    ["STARTTLS", "leaf", "authenticated"],
    ["STARTTLS", "leaf-elsewhere", "defer 4.7.5 sts name mismatch"],
    ["STARTTLS", "leaf-expired", "defer 4.7.5 sts certificate expired"],
    ["nothing", "leaf", "defer 4.7.4 sts starttls missing"],
    ["broken TLS", "leaf", "defer 4.7.5 sts handshake failed"],
  ] as const)("%s, %s: %s", async (offer, leaf, expected) => expect(await session(offer, leaf)).toBe(expected));

  it("is refused where this machine knows no such CA", async () => {
    expect(await session("STARTTLS", "leaf", {})).toBe("defer 4.7.5 sts certificate not trusted");
  });
});
