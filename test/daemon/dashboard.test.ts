/** The dashboard of a daemon that runs: numbers of its answers, a chain drawn, and no more reach than was asked for. */
import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { askOnce, type Lab, main, type Running, rootwalk, startDaemon, startLab } from "./process.ts";

let lab: Lab;
let running: Running | null = null;
beforeAll(async () => {
  lab = await startLab();
});
afterEach(async () => {
  running?.child.kill("SIGTERM");
  await running?.ended;
  running = null;
});
afterAll(() => lab.close());

async function pageOf(lines: string): Promise<string> {
  running = await startDaemon(lab.configure(`listen = ["127.0.0.1:0"]\n${lines}`));
  return /the dashboard is on (http:\S+)/.exec(running.err())![1]!;
}

describe.skipIf(!existsSync(main))("serve --http", { timeout: 60_000 }, () => {
  it.each([1, 2])(
    "with workers = %i: counts what clients were answered, and draws what it is asked",
    async (workers) => {
      const url = await pageOf(`http = "127.0.0.1:0"\nworkers = ${workers}`);
      for (let i = 0; i < 3; i++) expect((await askOnce(running!.port, "www.good.lab"))?.ad).toBe(true);
      const status = await (await fetch(`${url}status.json`)).json();
      expect(status).toMatchObject({ workers, counts: { outcomes: { secure: 3, bogus: 0 }, failures: [] } });
      const asked = await fetch(`${url}ask`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "www.good.lab", type: "A" }),
      });
      const { picture, svg } = (await asked.json()) as { readonly picture: unknown; readonly svg: string };
      expect(picture).toMatchObject({ status: "secure", question: { name: "www.good.lab.", type: "A" } });
      expect(svg).toMatch(/^<svg /);
    },
  );

  it("on an address for everybody only if that is said, and under names only if they are given", async () => {
    const file = lab.configure('listen = ["127.0.0.1:0"]\nhttp = "0.0.0.0:0"');
    expect(await rootwalk("serve", "--config", file)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/0\.0\.0\.0 can be reached from elsewhere, .* http-public says that it is meant/),
    });
    const url = await pageOf('http = "0.0.0.0:0"\nhttp-public = true\nhttp-name = ["mx.example.com"]');
    const { port } = new URL(url);
    const { request } = await import("node:http");
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, headers: { host }, agent: false }, (reply) => {
          reply.resume();
          resolve(reply.statusCode);
        });
        sent.on("error", reject).end();
      });
    expect(await statusFor("mx.example.com")).toBe(200);
    expect(await statusFor("mx.example.org")).toBe(421);
  });
});
