/** The example of docs/dane.md: it is this file's neighbour, and it runs. */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { shownOn } from "../docs/page.ts";
import { afterThisTest, mailServer, resolverFor } from "../mail/starttls-server.ts";
import { openSession } from "./example.ts";
import { tlsaLine } from "./harness.ts";

async function open(tlsa: string, offer: "STARTTLS" | "nothing" = "STARTTLS"): Promise<Socket> {
  const records = `@ MX 10 mx\nmx A 127.0.0.1\n${tlsa === "" ? "" : tlsaLine("_25._tcp.mx", tlsa)}`;
  const socket = await openSession(resolverFor(records), "ta.lab", await mailServer(offer));
  afterThisTest(() => socket.destroy());
  return socket;
}

describe("the example of docs/dane.md", () => {
  it("stands there as it stands here, but for what it imports from", () => {
    const code = readFileSync(new URL("./example.ts", import.meta.url), "utf8");
    expect(shownOn("dane.md", "ts")).toContain(code.slice(code.indexOf("/** A connection over which")));
  });

  it("delivers to a server that is the right one", async () => {
    expect(await open("3 1 1 leaf")).toBeInstanceOf(TLSSocket);
    expect(await open("2 0 1 intermediate")).toBeInstanceOf(TLSSocket);
  });

  it("refuses another one", async () => {
    await expect(open("3 1 1 !leaf")).rejects.toThrow(
      /^defer: mx.ta.lab. 4.7.5: CN=Leaf and its issuers match none of/,
    );
  });

  it("refuses a server without STARTTLS, if there are TLSA records", async () => {
    await expect(open("3 1 1 leaf", "nothing")).rejects.toThrow(
      "4.7.4: mx.ta.lab. has TLSA records, so TLS is required",
    );
    expect(await open("", "nothing")).not.toBeInstanceOf(TLSSocket);
  });

  it("encrypts without TLSA records as well", async () => {
    expect(await open("")).toBeInstanceOf(TLSSocket);
  });
});
