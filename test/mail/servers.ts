/** Mail servers on loopback that show chosen chains, and such as misbehave before TLS. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { pem, privateKey } from "../dane/harness.ts";

/** One line in, what is said back; null: nothing. "STARTTLS!" begins TLS. */
export type Script = (line: string) => string | null;

export interface ServerPlan {
  /** What is said first; null: nothing. */
  readonly greeting?: string | null;
  readonly script?: Script;
  /** "leaf intermediate", by key "leaf"; several for servers with several kinds of key. */
  readonly chains?: readonly string[];
  readonly tls?: SecureContextOptions;
  /** Octets behind the reply to STARTTLS, in the same packet. */
  readonly behind?: string;
  /** Splits what is said into packets of one octet. */
  readonly inPieces?: boolean;
}

export interface Running {
  readonly port: number;
  /** Server names that clients indicated. */
  readonly indicated: readonly string[];
  /** Lines heard, inside TLS too. */
  readonly heard: readonly string[];
  close(): void;
}

export const esmtp: Script = (line) => {
  if (/^[EL]HLO /.test(line)) return "250-mx.lab at your service\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n";
  if (line === "STARTTLS") return "STARTTLS!220 2.0.0 go ahead\r\n";
  return line === "QUIT" ? "221 bye\r\n" : "502 what?\r\n";
};

export async function mailServer(plan: ServerPlan = {}, address = "127.0.0.1", port = 0): Promise<Running> {
  const { greeting = "220-mx.lab ESMTP\r\n220 of the lab\r\n", script = esmtp, chains = ["leaf intermediate"] } = plan;
  const context = createSecureContext({
    key: chains.map((chain) => privateKey(/^leaf-rsa\b/.test(chain) ? "rsa" : "leaf")),
    cert: chains.map((chain) => chain.split(" ").map(pem).join("\n")),
    ...plan.tls,
  });
  const indicated: string[] = [];
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    const say = (text: string): void => {
      if (plan.inPieces !== true) return void socket.write(text);
      const octets = [...text];
      const next = (): void => {
        const octet = octets.shift();
        if (octet !== undefined && !socket.destroyed) socket.write(octet, () => setImmediate(next));
      };
      next();
    };
    if (greeting === "TLS") return encrypt(socket);
    if (greeting !== null) say(greeting);
    let unread = "";
    socket.on("data", function onData(chunk: Buffer) {
      const lines = (unread + chunk.toString("latin1")).split("\r\n");
      unread = lines.pop()!;
      for (const line of lines) {
        heard.push(line);
        const said = script(line);
        if (said === null) continue;
        if (said === "hang up") socket.destroy();
        else if (said.startsWith("STARTTLS!")) {
          socket.off("data", onData);
          socket.write(said.slice("STARTTLS!".length) + (plan.behind ?? ""));
          encrypt(socket);
        } else say(said);
      }
    });
  });
  function encrypt(socket: Socket): void {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      SNICallback: (name, done) => {
        indicated.push(name);
        // Not `context` once more: Node 24 then serves only the last of its certificates.
        done(null);
      },
    });
    secured.on("error", () => socket.destroy());
    secured.on("data", (chunk: Buffer) => {
      heard.push(chunk.toString("latin1").trim());
      secured.end("221 bye\r\n");
    });
  }
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    indicated,
    heard,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
