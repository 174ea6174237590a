/** A small client for UDP and TCP. It speaks through dns-packet, so that no fault of our own codec can hide itself. */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import packet from "dns-packet";

export interface Query {
  readonly name: string;
  /** A mnemonic that dns-packet knows, or UNKNOWN_65. */
  readonly type: string;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  readonly authenticData: boolean;
  readonly edns: boolean;
}

export interface Reply {
  readonly message: packet.Packet;
  readonly octets: number;
  readonly transport: "udp" | "tcp";
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** BIND needs 12 s to notice that it waits for itself: "shut down hung fetch". */
const TIMEOUT_MS = 15_000;

/** By UDP, and by TCP when that is truncated; null: no answer in time. */
export async function askServer(server: Endpoint, query: Query, timeoutMs = TIMEOUT_MS): Promise<Reply | null> {
  const request = encoded(query);
  const first = await byUdp(server, request, timeoutMs);
  if (first === null || !flagged(first, packet.TRUNCATED_RESPONSE)) return first && decoded(first, "udp");
  const second = await byTcp(server, request, timeoutMs);
  return second && decoded(second, "tcp");
}

let lastId = 0;

function encoded(query: Query): Buffer {
  lastId = (lastId + 1) % 65536;
  const flags =
    packet.RECURSION_DESIRED |
    (query.checkingDisabled ? packet.CHECKING_DISABLED : 0) |
    (query.authenticData ? packet.AUTHENTIC_DATA : 0);
  return packet.encode({
    type: "query",
    id: lastId,
    flags,
    questions: [{ name: query.name, type: query.type as packet.RecordType }],
    additionals: query.edns
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: 1232,
            flags: query.dnssecOk ? packet.DNSSEC_OK : 0,
            options: [],
          } as unknown as packet.Answer,
        ]
      : [],
  });
}

const flagged = (message: Buffer, flag: number): boolean => (message.readUInt16BE(2) & flag) !== 0;

function decoded(message: Buffer, transport: "udp" | "tcp"): Reply {
  return { message: packet.decode(message), octets: message.length, transport };
}

function byUdp(server: Endpoint, request: Buffer, timeoutMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(server.address.includes(":") ? "udp6" : "udp4");
    const settle = (reply: Buffer | null): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => settle(null), timeoutMs);
    socket.on("error", () => settle(null));
    socket.on("message", (message) => {
      if (message.length >= 12 && message.readUInt16BE(0) === request.readUInt16BE(0)) settle(message);
    });
    socket.connect(server.port, server.address, () => socket.send(request));
  });
}

function byTcp(server: Endpoint, request: Buffer, timeoutMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.address);
    const settle = (reply: Buffer | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => settle(null), timeoutMs);
    socket.on("error", () => settle(null));
    socket.on("close", () => settle(null));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(request.length);
    socket.write(Buffer.concat([length, request]));
    let received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        settle(received.subarray(2, 2 + received.readUInt16BE(0)));
      }
    });
  });
}
