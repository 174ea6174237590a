/** Postfix's socketmap protocol: netstrings in and out, in order; whoever does not speak it is cut off. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { readNetstring, type Socketmap, type SocketmapAnswer, serveSocketmap } from "../../src/mail/socketmap.ts";

let server: Socketmap | null = null;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
});

async function open(answer: (map: string, key: string) => Promise<SocketmapAnswer>): Promise<Socket> {
  server = await serveSocketmap({ host: "127.0.0.1", port: 0 }, answer);
  const socket = connect({ host: "127.0.0.1", port: server.port! });
  sockets.push(socket.on("error", () => {}));
  return socket;
}

const ask = (text: string): string => `${text.length}:${text},`;

async function heard(socket: Socket, until: (text: string) => boolean): Promise<string> {
  let text = "";
  while (!until(text)) text += String((await once(socket, "data"))[0]);
  return text;
}

const echo = async (map: string, key: string): Promise<SocketmapAnswer> => {
  switch (key) {
    case "none":
      return { kind: "not found" };
    case "later":
      return { kind: "try later", reason: `DNS\r\n${"ä".repeat(1000)}` };
    default:
      return { kind: "found", value: `${map}=${key}` };
  }
};

describe("a socketmap", () => {
  it("answers in order, however requests are cut", async () => {
    const socket = await open(echo);
    const requests = [ask("policy a b"), ask("policy none"), ask("alone"), ask("policy z")].join("");
    for (const octet of requests.slice(0, 20)) socket.write(octet);
    socket.write(requests.slice(20));
    const expected = "13:OK policy=a b,9:NOTFOUND ,34:PERM a map and a key were expected,11:OK policy=z,";
    expect(await heard(socket, ({ length }) => length >= expected.length)).toBe(expected);
  });

  it("asks for patience in one printable line of bounded length", async () => {
    const socket = await open(echo);
    socket.write(ask("policy later"));
    const text = await heard(socket, (so) => so.endsWith(","));
    expect(text).toMatch(/^405:TEMP DNS\?\?\?+,$/);
  });

  it.each(["hello\r\n", "x:", "01:a,", "5:hello;", "1001:", "99999", "-1:,"])("cuts off %j", async (noise) => {
    const socket = await open(echo);
    socket.write(noise);
    await once(socket, "close");
  });

  it("cuts off who asks without end and does not wait", async () => {
    const socket = await open(() => new Promise(() => {}));
    socket.write(ask("policy a").repeat(200));
    await once(socket, "close");
  });

  it("listens on a path as well, and an address that is taken is an error", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rootwalk-map-"));
    try {
      server = await serveSocketmap({ path: join(folder, "map") }, echo);
      expect(existsSync(join(folder, "map"))).toBe(true);
      await expect(serveSocketmap({ path: join(folder, "map") }, echo)).rejects.toThrow("EADDRINUSE");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it("reads whole netstrings only, whatever comes", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.nat(80), (text, cut) => {
      const octets = Buffer.from(ask(Buffer.from(text).toString("latin1")), "latin1");
      const read = readNetstring(octets.subarray(0, cut));
      return cut < octets.length ? read === "more" : typeof read === "object" && read.end === octets.length;
    }),
  );
});
