"use strict";

// ZoneMTA's own sender, with its plugins, and a queue of one message for each domain of the command line instead of MongoDB.
// Prints a line of JSON for what became of each: { domain, cmd, response }.
const { PassThrough } = require("node:stream");
const zoneMta = "@zone-eu/zone-mta/lib";
const config = require("@zone-eu/wild-config");
require("npmlog").level = "silent";
const plugins = require(`${zoneMta}/plugins`);
plugins.init("sender");
const { SendingZone } = require(`${zoneMta}/sending-zone`);
const ConnectionPool = require(`${zoneMta}/connection-pool`);
const Sender = require(`${zoneMta}/sender`);

const waiting = process.argv[2].split(",").map((domain, i) => ({
  id: `message${i}`,
  seq: "001",
  _lock: `lock${i}`,
  domain,
  recipient: `you@${domain}`,
  from: "me@client.example",
  sessionId: `session${i}`,
  headers: [{ key: "subject", line: "Subject: hello" }],
  bodySize: 7,
  dnsOptions: {},
  created: new Date(),
}));
let left = waiting.length;

const queue = {
  retrieve: () => {
    const message = new PassThrough();
    message.end("hello\r\n");
    return message;
  },
};

function sendCommand(command, done) {
  const { cmd = command, id, response, status } = command;
  setImmediate(() => done(null, cmd === "GET" ? (waiting.shift() ?? {}) : {}));
  if (cmd !== "RELEASE" && cmd !== "DEFER" && cmd !== "BOUNCE") return;
  // A bounce is followed by a release of the message.
  if (cmd === "RELEASE" && status?.delivered === false) return;
  process.stdout.write(`${JSON.stringify({ id, cmd, response: response ?? status?.response })}\n`);
  if (--left === 0) setTimeout(() => process.exit(0), 50);
}

plugins.handler.load(() => {
  const zone = new SendingZone("default", config.zones.default, false);
  new Sender("client", 1, zone, sendCommand, queue, new ConnectionPool(sendCommand));
});
