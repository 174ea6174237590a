/** The least that a Node program can do with a datagram: the platform's ceiling. Run by cached. */
import { createSocket } from "node:dgram";
import process from "node:process";

/** As long as a signed TLSA answer. */
const finished = Buffer.alloc(310);
finished.writeUInt16BE(0x8180, 2);
finished.writeUInt16BE(1, 4);

const socket = createSocket("udp4");
socket.on("message", (octets, from) => {
  octets.copy(finished, 0, 0, 2);
  octets.copy(finished, 12, 12);
  socket.send(finished, from.port, from.address);
});
socket.bind(Number(process.argv[2]), "127.0.0.1");
