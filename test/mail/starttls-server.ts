/** A mail server that gets as far as TLS, or not even there; and a resolver that finds it. */
import { type AddressInfo, createServer } from "node:net";
import { TLSSocket } from "node:tls";
import { afterEach } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { pem, privateKey } from "../dane/harness.ts";
import { resolverIn } from "../lab/resolver.ts";

export type Offer = "STARTTLS" | "nothing" | "broken TLS";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

export function afterThisTest(close: () => void): void {
  closing.push(close);
}

/** It walks to zone ta.lab. with these records, and is closed after the test. */
export function resolverFor(records: string): Resolver {
  const zones = [{ apex: "." }, { apex: "lab." }, { apex: "ta.lab.", records }];
  const lab = buildWorld({ zones }, systemClock.unixSeconds());
  const resolver = resolverIn(lab);
  afterThisTest(() => void resolver.close());
  return resolver;
}

/** Its port; it is closed after the test. `leaf`: the certificate that it shows. */
export async function mailServer(offer: Offer, leaf = "leaf"): Promise<number> {
  const server = createServer((socket) => {
    afterThisTest(() => socket.destroy());
    socket.on("error", () => {}).write("220 mx\r\n");
    socket.on("data", function heard(octets: Buffer) {
      const line = octets.toString();
      if (line.startsWith("EHLO")) socket.write(offer === "nothing" ? "250 mx\r\n" : "250-mx\r\n250 STARTTLS\r\n");
      if (!line.startsWith("STARTTLS")) return;
      socket.off("data", heard).write("220 go\r\n");
      if (offer === "broken TLS") socket.on("data", () => socket.end("no TLS here\r\n"));
      else
        new TLSSocket(socket, { isServer: true, key: privateKey("leaf"), cert: pem(leaf) + pem("intermediate") }).on(
          "error",
          () => {},
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterThisTest(() => server.close());
  return (server.address() as AddressInfo).port;
}
