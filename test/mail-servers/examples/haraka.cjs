"use strict";

// plugins/rootwalk.js of Haraka, with "rootwalk" in config/plugins
const { mkdtempSync } = require("node:fs");
const { createServer } = require("node:net");
const { hostname, tmpdir } = require("node:os");
const { join } = require("node:path");
const { createResolver, Name, openSession, planDelivery } = require("rootwalk");

let resolver;
let folder;
let count = 0;
let settings = {};

exports.register = function () {
  settings = this.config.get("rootwalk.ini").main ?? {};
  settings = { ...settings, anchors: this.config.get("rootwalk.anchors", "data").join("\n") };
  resolver = createResolver(resolverOptions(settings));
  folder = mkdtempSync(join(tmpdir(), "rootwalk-")); // mode 0700: nobody else gets at the sockets in it
};

exports.shutdown = () => resolver.close();

/** Haraka connects to a socket in the file system, and speaks over it with the server that was found and checked. */
exports.hook_get_mx = async function (next, hmail, domain) {
  try {
    const plan = await planDelivery(resolver, domain);
    if (plan.do !== "deliver") return next(plan.do === "bounce" ? DENY : DENYSOFT, `${plan.status} ${plan.reason}`);
    const helo = this.config.get("me") || hostname();
    const path = join(folder, `${++count}`);
    const once = createServer(async (client) => {
      once.close();
      client.on("error", () => {});
      const session = await openSession(plan, { helo, port: Number(settings.port ?? 25) });
      if (session.kind === "none") return client.end(`421 ${session.status} ${session.reason}\r\n`);
      hmail.lognotice(`${session.host.name} is ${session.security}: ${session.host.action.reason}`);
      session.socket.on("close", () => client.destroy());
      client.on("close", () => session.socket.destroy());
      client.pipe(session.socket).pipe(client);
    });
    setTimeout(() => once.close(), 300_000).unref(); // where Haraka thought better of it
    once.listen(path, () => next(OK, { path, priority: 0 }));
  } catch (error) {
    next(DENYSOFT, error.message);
  }
};

/** Nothing for the root's own servers; `forward`, `forwardPort` for a resolver nearby, which is validated here all the same. */
function resolverOptions({ forward, forwardPort = 53, anchors }) {
  const servers = [{ address: forward, port: Number(forwardPort) }];
  return {
    ...(anchors ? { trustAnchors: anchors } : {}),
    ...(forward ? { forwards: [{ zone: Name.root, servers }] } : {}),
  };
}
