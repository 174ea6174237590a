"use strict";

// plugins/rootwalk.js of ZoneMTA; in its configuration: { "rootwalk": { "enabled": "sender" } }
const { hostname } = require("node:os");
const { createResolver, mxConnectDns, Name, openSession, planDelivery } = require("rootwalk");

module.exports.title = "DANE by rootwalk";

module.exports.init = (app, done) => {
  const resolver = createResolver(resolverOptions(app.config));
  const { resolveRecords } = mxConnectDns(resolver);
  const plans = new WeakMap();

  app.addHook("sender:fetch", async (delivery) => {
    delivery.dnsOptions.resolveRecords = resolveRecords;
    if (delivery.http || delivery.mx) return; // somebody chose where it goes
    const plan = await planDelivery(resolver, delivery.domain);
    if (plan.do !== "deliver") throw refusal(plan);
    // Where DANE has nothing to say, ZoneMTA goes on as it is used to, MTA-STS included; where it has, it decides.
    if (plan.hosts.every(({ action }) => action.do === "opportunistic")) return;
    plans.set(delivery, plan);
    delivery.skipSTS = true;
  });

  // The socket comes back encrypted and checked; ZoneMTA says EHLO over it and is offered no STARTTLS any more.
  app.addHook("sender:connect", async (delivery, connection) => {
    const plan = plans.get(delivery);
    if (plan === undefined) return;
    const { localAddress, localHostname, port } = connection;
    const session = await openSession(plan, { helo: localHostname || hostname(), localAddress, port });
    if (session.kind === "none") throw refusal(session);
    app.logger.info("DANE", "%s is %s (%s)", session.host.name, session.security, session.host.action.reason);
    connection.socket = session.socket;
  });

  done();
};

function refusal({ do: what, status, reason }) {
  const error = new Error(`${status} ${reason}`);
  return Object.assign(error, { category: "policy", temporary: what === "defer", response: error.message });
}

/** Nothing for the root's own servers; `forward`, `forwardPort` for a resolver nearby, which is validated here all the same. */
function resolverOptions({ forward, forwardPort = 53, anchors }) {
  const servers = [{ address: forward, port: Number(forwardPort) }];
  return {
    ...(anchors ? { trustAnchors: anchors } : {}),
    ...(forward ? { forwards: [{ zone: Name.root, servers }] } : {}),
  };
}
