/** A mail server of the lab: enough ESMTP to receive a message, with STARTTLS or without. RFC 5321, RFC 3207. */
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Identity } from "./certificates.ts";

const SMTP_PORT = 25;

export interface MailServer {
  readonly name: string;
  readonly address: string;
  /** Null: STARTTLS is not offered. */
  readonly identity: Identity | null;
}

export interface Received {
  readonly server: string;
  readonly recipient: string;
  readonly encrypted: boolean;
  /** The server name that the client indicated (RFC 7672 §8.1). */
  readonly indicated: string | null;
}

export interface MailServers {
  readonly received: readonly Received[];
  close(): Promise<void>;
}

export async function startMailServers(servers: readonly MailServer[], port = SMTP_PORT): Promise<MailServers> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const listening = await Promise.all(
    servers.map(async (server) => {
      const { identity } = server;
      const secure = identity === null ? null : createSecureContext({ key: identity.key, cert: identity.chain });
      const listener = createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
        socket.write(`220 ${server.name} ESMTP\r\n`);
        converse(socket, { server, secure, indicated: null, encrypted: false, keep: (mail) => received.push(mail) });
      });
      await opened(listener, server.address, port);
      return listener;
    }),
  );
  return {
    received,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(listening.map((listener) => new Promise((resolve) => listener.close(resolve))));
    },
  };
}

function opened(listener: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, address, () => resolve());
  });
}

interface Session {
  readonly server: MailServer;
  readonly secure: SecureContext | null;
  readonly encrypted: boolean;
  readonly indicated: string | null;
  readonly keep: (mail: Received) => void;
}

function converse(socket: Socket, session: Session): void {
  const recipients: string[] = [];
  let unread = "";
  let inMessage = false;
  const say = (line: string): void => {
    socket.write(`${line}\r\n`);
  };
  const onLine = (line: string): void => {
    if (inMessage) {
      if (line !== ".") return;
      inMessage = false;
      const { server, encrypted, indicated, keep } = session;
      for (const recipient of recipients.splice(0)) keep({ server: server.name, recipient, encrypted, indicated });
      say("250 2.0.0 kept");
      return;
    }
    const verb = line.slice(0, 8).toUpperCase();
    if (verb.startsWith("EHLO")) {
      say(`250${session.secure !== null && !session.encrypted ? `-${session.server.name}\r\n250 STARTTLS` : " ok"}`);
    } else if (verb === "STARTTLS" && session.secure !== null) {
      socket.off("data", onData);
      say("220 go ahead");
      encrypt(socket, session);
    } else if (verb.startsWith("RCPT TO:")) {
      recipients.push(/<(.*)>/.exec(line)?.[1] ?? line);
      say("250 ok");
    } else if (verb.startsWith("DATA")) {
      inMessage = true;
      say("354 go ahead");
    } else if (verb.startsWith("QUIT")) {
      socket.end("221 bye\r\n");
    } else say("250 ok");
  };
  const onData = (chunk: Buffer): void => {
    const lines = (unread + chunk.toString("latin1")).split("\r\n");
    unread = lines.pop()!;
    for (const line of lines) onLine(line);
  };
  socket.on("data", onData);
}

function encrypt(socket: Socket, session: Session): void {
  let indicated: string | null = null;
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext: session.secure!,
    SNICallback: (name, done) => {
      indicated = name;
      done(null, session.secure!);
    },
  });
  secured.on("error", () => socket.destroy());
  secured.once("secure", () => converse(secured, { ...session, encrypted: true, indicated }));
}
