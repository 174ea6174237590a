/** Policies from real web servers on loopback, hostile ones among them. RFC 8461 §3.3. */
import type { LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { type HttpsFetchOptions, httpsPolicyFetch } from "../../src/mail/sts-fetch.ts";
import { pem } from "../dane/harness.ts";
import { reply, type WebServer, webServer } from "./https-server.ts";

const POLICY = "version: STSv1\nmode: enforce\nmx: mx.ta.lab\nmax_age: 86400\n";
const never = new AbortController().signal;

let servers: WebServer[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

interface Lab {
  readonly chain?: string;
  readonly answer: (socket: TLSSocket) => void;
  readonly options?: Partial<HttpsFetchOptions>;
  readonly signal?: AbortSignal;
}

async function fetched({ chain = "leaf-wildcard intermediate", answer, options = {}, signal = never }: Lab) {
  const server = await webServer(chain, answer);
  servers.push(server);
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, { all }, callback) => {
    asked.push(hostname);
    if (all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
  };
  const fetch = httpsPolicyFetch({ lookup, port: server.port, ca: pem("root"), ...options });
  return { outcome: await fetch("ta.lab", signal), server, asked };
}

const failed = (reason: string | RegExp) => ({
  kind: "failed",
  reason:
    typeof reason === "string"
      ? `https://mta-sts.ta.lab/.well-known/mta-sts.txt: ${reason}`
      : expect.stringMatching(reason),
});

describe("a good server", () => {
  it("gives the policy, asked for as RFC 8461 wants it, at an address of our own lookup", async () => {
    const { outcome, server, asked } = await fetched({
      answer: reply(POLICY, "content-type: Text/Plain; charset=utf-8"),
    });
    expect(outcome).toEqual({ kind: "text", text: POLICY });
    expect(asked).toEqual(["mta-sts.ta.lab"]);
    expect(server.requests[0]).toMatch(/^GET \/\.well-known\/mta-sts\.txt HTTP\/1\.1\r\n/);
    expect(server.requests[0]!.toLowerCase()).toMatch(/\r\nhost: mta-sts\.ta\.lab(?::\d+)?\r\n/);
  });

  it("may send it in chunks", async () => {
    const answer = (socket: TLSSocket): void => {
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n${POLICY.length.toString(16)}\r\n${POLICY}\r\n0\r\n\r\n`,
      );
    };
    expect((await fetched({ answer })).outcome).toEqual({ kind: "text", text: POLICY });
  });
});

describe("what is no policy", () => {
  it("redirects, and nobody follows", async () => {
    const { outcome, server } = await fetched({
      answer: reply("", "content-type: text/plain\r\nlocation: https://mta-sts.ta.lab/elsewhere", "302 Found"),
    });
    expect(outcome).toEqual(failed("status 302: 200 expected, and redirects are not followed"));
    expect(server.requests).toHaveLength(1);
  });

  it.each(["404 Not Found", "203 Non-Authoritative Information", "204 No Content", "304 Not Modified", "500 Oops"])(
    "has status %s",
    async (status) => {
      const { outcome } = await fetched({ answer: reply(POLICY, "content-type: text/plain", status) });
      expect(outcome).toEqual(failed(/: status \d+: 200 expected/));
    },
  );

  it.each([
    ["content-type: text/html", "it is text/html: text/plain expected"],
    ["content-type: text/plainly", "it is text/plainly: text/plain expected"],
    ["x: y", "it is of no type: text/plain expected"],
    ["content-type: text/plain\r\ncontent-encoding: gzip", "it is gzip: plain text was asked for"],
  ])("has headers %j", async (headers, reason) => {
    expect((await fetched({ answer: reply(POLICY, headers) })).outcome).toEqual(failed(reason));
  });

  it("is too big, announced or not, and not read to its end", async () => {
    expect((await fetched({ answer: reply("x".repeat(65_537)) })).outcome).toEqual(failed("more than 65536 octets"));
    const flood = (socket: TLSSocket): void => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
      const pour = (): void => {
        while (!socket.destroyed && socket.write(POLICY.repeat(100)));
        if (!socket.destroyed) socket.once("drain", pour);
      };
      pour();
    };
    expect((await fetched({ answer: flood })).outcome).toEqual(failed("more than 65536 octets"));
  });

  it("ends early: half a policy would lack hosts", async () => {
    const half = (socket: TLSSocket): void => {
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${POLICY.length}\r\n\r\n${POLICY.slice(0, 50)}`,
      );
    };
    expect((await fetched({ answer: half })).outcome).toEqual(failed(/./));
    const chunk = (socket: TLSSocket): void => {
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n10\r\n${POLICY.slice(0, 16)}\r\n`,
      );
    };
    expect((await fetched({ answer: chunk })).outcome).toEqual(failed(/./));
  });

  it("is no HTTP at all, or heads without end", async () => {
    expect((await fetched({ answer: (socket) => socket.end("220 mx ESMTP\r\n") })).outcome).toEqual(failed(/./));
    const heads = (socket: TLSSocket): void => {
      socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`);
    };
    expect((await fetched({ answer: heads })).outcome).toEqual(failed(/./));
  });
});

describe("a server that takes its time", () => {
  const options = { timeoutMs: 150 };

  it("says nothing", async () => {
    expect((await fetched({ answer: () => {}, options })).outcome).toEqual(failed("not there after 0.15 s"));
  });

  it("dribbles, and each octet does not begin the wait anew", async () => {
    const dribble = (socket: TLSSocket): void => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write("v")), 10);
      socket.on("close", () => clearInterval(timer));
    };
    expect((await fetched({ answer: dribble, options })).outcome).toEqual(failed("not there after 0.15 s"));
  });

  it("is not waited for when nobody wants it any more, before and after it was asked", async () => {
    const impatient = new AbortController();
    const answer = (): void => impatient.abort();
    const reason = "nobody waits for it any more";
    expect((await fetched({ answer, signal: impatient.signal })).outcome).toEqual(failed(reason));
    expect((await fetched({ answer, signal: AbortSignal.abort() })).outcome).toEqual(failed(reason));
  });
});

describe("a certificate that proves nothing", () => {
  it.each([
    ["leaf intermediate", /the certificate is for DNS:mx\.ta\.lab, and mta-sts\.ta\.lab was looked for/],
    ["leaf-partial-wildcard intermediate", /the certificate is for DNS:m\*\.ta\.lab/],
    ["leaf-cn intermediate", /the certificate is for no DNS name/],
    ["leaf-expired intermediate", /certificate has expired/],
    ["leaf-wildcard", /unable to verify the first certificate/],
  ])("%s", async (chain, reason) => {
    const { outcome, server } = await fetched({ chain, answer: reply(POLICY) });
    expect(outcome).toEqual({ kind: "untrusted", reason: expect.stringMatching(reason) });
    expect(server.requests).toEqual([]);
  });

  it("by a CA that this machine does not know, whatever the environment says", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const { outcome } = await fetched({ answer: reply(POLICY), options: { ca: pem("other") } });
      expect(outcome.kind).toBe("untrusted");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });
});

it("fails where there is no address, and where nobody listens", async () => {
  const lookup: LookupFunction = (_hostname, _options, callback) => {
    callback(Object.assign(new Error("SERVFAIL mta-sts.ta.lab"), { code: "ESERVFAIL" }), "");
  };
  const fetch = httpsPolicyFetch({ lookup, ca: pem("root") });
  expect(await fetch("ta.lab", never)).toEqual(failed("SERVFAIL mta-sts.ta.lab"));
  const gone = await webServer("leaf-wildcard", () => {});
  gone.close();
  const local: LookupFunction = (_hostname, _options, callback) =>
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  const outcome = await httpsPolicyFetch({ lookup: local, port: gone.port })("ta.lab", never);
  expect(outcome).toEqual(failed(/ECONNREFUSED/));
});
