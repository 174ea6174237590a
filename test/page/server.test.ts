import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { servePage } from "../../src/page/server.ts";
import type { StatusSource } from "../../src/page/status.ts";
import { type LabPage, labPage } from "./lab-page.ts";

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: options.method ?? "GET", headers: options.headers ?? {}, agent: false },
      (reply) => {
        let body = "";
        reply.setEncoding("utf8");
        reply.on("data", (chunk: string) => {
          body += chunk;
        });
        reply.on("end", () => resolve({ status: reply.statusCode!, headers: reply.headers, body }));
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

const json = { "content-type": "application/json" };
const asking = (name: string, type = "A", headers: Record<string, string> = {}) =>
  ({ method: "POST", headers: { ...json, ...headers }, body: JSON.stringify({ name, type }) }) as const;

describe("the page", () => {
  let page: LabPage;
  beforeAll(async () => {
    page = await labPage({ names: ["Ns.Example."] });
  });
  afterAll(() => page.close());

  it.each([
    ["", "text/html; charset=utf-8", "<title>rootwalk</title>"],
    ["page.js", "text/javascript; charset=utf-8", "status.json"],
    ["page.css", "text/css; charset=utf-8", "prefers-color-scheme"],
    ["picture.css", "text/css; charset=utf-8", ".rootwalk-picture"],
    ["icon.svg", "image/svg+xml", "<svg"],
  ])("/%s is there, and lets nothing in from elsewhere", async (path, type, content) => {
    const { status, headers, body } = await send(page.url + path);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe(type);
    expect(body).toContain(content);
    expect(body).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|\*|data:/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("has no script and no style between its tags", async () => {
    const { body } = await send(page.url);
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=/);
  });

  it("gives the numbers as JSON", async () => {
    const { status, headers, body } = await send(`${page.url}status.json`);
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([200, "application/json", "no-store"]);
    expect(JSON.parse(body)).toMatchObject({
      workers: 1,
      counts: { outcomes: {}, failures: [] },
      quantilesMs: { half: null },
    });
  });

  it("draws what it is asked, and the numbers know", async () => {
    const { status, body } = await send(`${page.url}ask`, asking("www.expired.broken"));
    expect(status).toBe(200);
    const told = JSON.parse(body);
    expect(told).toMatchObject({ picture: { status: "bogus", reason: { code: "signature expired" } }, records: [] });
    expect(told.svg).toMatch(/^<svg /);
    expect(told.svg).not.toContain("<style");
    expect(told.tree).toContain("[BROKEN]");
    const { counts } = JSON.parse((await send(`${page.url}status.json`)).body);
    expect(counts.failures[0]).toMatchObject({ name: "www.expired.broken.", type: "A", code: "signature expired" });
    const good = JSON.parse((await send(`${page.url}ask`, asking("good.lab", "mx"))).body);
    expect(good.records).toEqual([expect.stringMatching(/^good\.lab\. [0-9]+ IN MX 10 mx\.good\.lab\.$/)]);
  });

  it.each([
    ["a name that is none", asking("a..b"), 400],
    ["a type that is none", asking("a", "NOTYPE"), 400],
    ["no name", { method: "POST", headers: json, body: "{}" }, 400],
    ["no JSON", { method: "POST", headers: json, body: "name=a" }, 400],
    [
      "a form's content type",
      { method: "POST", headers: { "content-type": "text/plain" }, body: '{"name":"a","type":"A"}' },
      415,
    ],
    ["GET", { method: "GET" }, 405],
    ["five kilobytes", asking("a".repeat(5000)), 413],
    ["another origin", asking("good.lab", "A", { origin: "http://evil.example" }), 403],
    ["another site, as browsers say", asking("good.lab", "A", { "sec-fetch-site": "cross-site" }), 403],
    ["the same site, another origin", asking("good.lab", "A", { "sec-fetch-site": "same-site" }), 403],
  ])("answers no question that comes with %s", async (_what, options, expected) => {
    const { status, body } = await send(`${page.url}ask`, options);
    expect(status).toBe(expected);
    expect(body).toMatch(/^[^<>{}]+\n$/);
  });

  it("is known by addresses and its own names only: DNS rebinding ends here", async () => {
    const of = async (host: string) => (await send(page.url, { headers: { host } })).status;
    for (const host of [
      "127.0.0.1:8053",
      "localhost",
      "LOCALHOST:1",
      "[::1]:80",
      "192.0.2.1",
      "ns.example:8053",
      "ns.example.",
    ])
      expect([host, await of(host)]).toEqual([host, 200]);
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "[::1",
      "a b",
      "x@127.0.0.1",
    ])
      expect([host, (await of(host)) >= 400]).toEqual([host, true]);
  });

  it("knows no other paths and methods", async () => {
    for (const path of ["../package.json", "%2e%2e/package.json", "page.js/", "status", "ask/"])
      expect((await send(page.url + path)).status).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect((await send(page.url, { method })).status).toBe(405);
    expect(await send(page.url, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  });

  it("survives what is no HTTP", async () => {
    const { port } = new URL(page.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.end("\u0000\u0001 nonsense\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => {});
      socket.resume();
    });
    expect((await send(page.url)).status).toBe(200);
  });
});

describe("the page's limits", () => {
  const waiting: AbortSignal[] = [];
  const source: StatusSource = {
    status: () => Promise.reject(new Error("out of order, /etc/passwd says")),
    ask: (_name, _type, signal) => {
      waiting.push(signal);
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("nobody waits"))),
      );
    },
  };
  const serve = () => servePage({ source, timer: systemClock, address: "127.0.0.1", port: 0, reach: "this machine" });

  it("four questions at a time; who goes away is not waited for", async () => {
    const page = await serve();
    const patience = new AbortController();
    const gone = Array.from({ length: 4 }, () =>
      fetch(`${page.url}ask`, { ...asking("slow.example"), signal: patience.signal }).catch(() => "gone"),
    );
    while (waiting.length < 4) await systemClock.sleep(5);
    expect(await send(`${page.url}ask`, asking("one.more.example"))).toMatchObject({ status: 429 });
    patience.abort();
    expect(await Promise.all(gone)).toEqual(["gone", "gone", "gone", "gone"]);
    while (!waiting.every((signal) => signal.aborted)) await systemClock.sleep(5);
    const next = fetch(`${page.url}ask`, asking("next.example")).catch(() => "closed");
    while (waiting.length < 5) await systemClock.sleep(5);
    await page.close();
    expect(await next).toBe("closed");
    expect(waiting[4]!.aborted).toBe(true);
  });

  it("tells strangers nothing of what went wrong inside", async () => {
    const page = await serve();
    expect(await send(`${page.url}status.json`)).toMatchObject({
      status: 500,
      body: "this should not have happened\n",
    });
    await page.close();
  });

  it("this machine, unless more is asked for", async () => {
    const options = { source, timer: systemClock, port: 0, reach: "this machine" } as const;
    for (const address of ["0.0.0.0", "::", "192.0.2.1", "localhost"])
      await expect(servePage({ ...options, address })).rejects.toThrow(TypeError);
    const wide = await servePage({ ...options, address: "0.0.0.0", reach: "whoever can connect" });
    await wide.close();
  });
});
