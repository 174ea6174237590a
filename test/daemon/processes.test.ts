/** The daemon as its operator has it: processes, signals, the control socket, metrics. */
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Told, WorkerStatus } from "../../src/daemon/commands.ts";
import { askOnce, freePort, type Lab, main, type Running, rootwalk, startDaemon, startLab, until } from "./process.ts";

let lab: Lab;
let running: Running | null = null;
/** Besides the one that the system chooses: for a second address, and for metrics. */
let other: number;
let monitor: number;
beforeAll(async () => {
  lab = await startLab();
  other = await freePort();
  monitor = await freePort();
});
afterEach(async () => {
  running?.child.kill("SIGTERM");
  await running?.ended;
  running = null;
});
afterAll(() => lab.close());

const socket = (): string => join(lab.dir, "control.sock");
const ctl = (...args: string[]) => rootwalk("ctl", "--control-socket", socket(), ...args);

async function statuses(): Promise<readonly WorkerStatus[]> {
  const { told } = JSON.parse((await ctl("--json", "status")).out) as { readonly told: readonly Told[] };
  return told.flatMap((each) => (each.do === "status" ? [each.status] : []));
}

describe.skipIf(!existsSync(main))("one process", { timeout: 60_000 }, () => {
  it("is asked and told by ctl: status, lookup, flush, log level, stop", async () => {
    running = await startDaemon(lab.configure('listen = ["127.0.0.1:0"]'));
    expect((await askOnce(running.port, "www.good.lab"))?.ad).toBe(true);
    expect(statSync(socket()).mode & 0o777).toBe(0o660);
    expect((await ctl("status")).out).toMatch(/answers 1: 1 secure, 0 insecure/);
    expect((await ctl("lookup", "www.good.lab", "A")).out).toMatch(/^answer A secure \(answer\) \d+ s left\n$/);
    expect((await ctl("flush", "--below", "good.lab")).out).toMatch(/^\d+ forgotten\n$/);
    expect((await ctl("lookup", "www.good.lab")).out).toBe("nothing is remembered of this name\n");
    expect(await ctl("log-level", "debug")).toMatchObject({ code: 0 });
    expect((await statuses())[0]?.logLevel).toBe("debug");
    expect(await ctl("lookup", "a..b")).toMatchObject({ code: 1, out: "" });
    expect(await ctl("flush")).toMatchObject({ code: 2, err: expect.stringContaining("flush needs a name") });
    expect(await ctl("flosh")).toMatchObject({ code: 2, err: expect.stringContaining('there is no request "flosh"') });
    expect(await ctl("stop")).toMatchObject({ code: 0 });
    expect(await running.ended).toBe(0);
    expect(await ctl("status")).toMatchObject({ code: 2, err: expect.stringContaining("no daemon answers on") });
  });

  it("reads its configuration again: sockets move, the cache stays, and what is wrong changes nothing", async () => {
    running = await startDaemon(lab.configure('listen = ["127.0.0.1:0"]'));
    await askOnce(running.port, "www.good.lab");
    lab.configure(
      `listen = ["127.0.0.1:0", "127.0.0.1:${other}"]\nidentity = "mx1"\nlog-level = "warn"\nmetrics = "127.0.0.1:1"`,
    );
    const { out } = await ctl("reload");
    expect(out).toContain('identity: nothing becomes "mx1", at once');
    expect(out).toContain("with new sockets");
    expect(out).toContain('metrics: nothing becomes "127.0.0.1:1", which needs a restart');
    expect((await askOnce(other, "www.good.lab"))?.ad).toBe(true);
    expect((await statuses())[0]?.counts.fromCache).toBe(1);
    lab.configure('listen = ["127.0.0.1:0"]\nidentity = 5');
    expect(await ctl("reload")).toMatchObject({ code: 1, err: expect.stringContaining("identity is 5: a text") });
    expect((await askOnce(other, "www.good.lab"))?.ad).toBe(true);
    running.child.kill("SIGHUP");
    await until(() => running!.err().includes("nothing was changed: "), running.err);
  });

  it("serves metrics and health, and says when . NS is proven", async () => {
    running = await startDaemon(lab.configure(`listen = ["127.0.0.1:0"]\nmetrics = "127.0.0.1:${monitor}"`));
    await until(async () => (await fetch(`http://127.0.0.1:${monitor}/health`)).status === 200);
    await askOnce(running.port, "www.good.lab");
    const metrics = await (await fetch(`http://127.0.0.1:${monitor}/metrics`)).text();
    expect(metrics).toContain('rootwalk_replies_total{transport="udp",type="A",rcode="NOERROR"} 1');
    expect(metrics).toContain('rootwalk_answers_total{status="secure"} 1');
    expect(metrics).toMatch(/^rootwalk_signatures_checked_total\{algorithm="[A-Z0-9]+",result="right"\} [1-9]/m);
    expect((await fetch(`http://127.0.0.1:${monitor}/`)).status).toBe(404);
  });

  it("an address for metrics that is taken is one line and exit code 2", async () => {
    running = await startDaemon(lab.configure(`listen = ["127.0.0.1:0"]\nmetrics = "127.0.0.1:${monitor}"`));
    const second = await rootwalk("serve", "--listen", "127.0.0.1:0", "--metrics", `127.0.0.1:${monitor}`);
    expect(second).toMatchObject({
      code: 2,
      err: expect.stringContaining(`metrics cannot be served on 127.0.0.1:${monitor}`),
    });
  });
});

describe.skipIf(!existsSync(main))("several processes", { timeout: 60_000 }, () => {
  it("share an address; one that is killed is replaced, and all of them hear what is told", async () => {
    running = await startDaemon(
      lab.configure(`listen = ["127.0.0.1:0"]\nworkers = 2\nmetrics = "127.0.0.1:${monitor}"`),
    );
    const { port } = running;
    for (let i = 0; i < 20; i++) expect((await askOnce(port, `n${i}.wild.good.lab`))?.ad).toBe(true);
    const before = await statuses();
    expect(before.map(({ worker }) => worker)).toEqual([1, 2]);
    expect(before.reduce((sum, { counts }) => sum + counts.outcomes.secure, 0)).toBe(20);
    process.kill(before[0]!.pid, "SIGKILL");
    await until(async () => {
      const now = await statuses();
      return now.length === 2 && now.every(({ pid, listening }) => pid !== before[0]!.pid && listening !== "");
    });
    expect(running.err()).toContain("died by SIGKILL: another one starts");
    for (let i = 0; i < 20; i++) expect((await askOnce(port, `m${i}.wild.good.lab`))?.ad).toBe(true);
    expect((await ctl("flush", "--below", ".")).out).toMatch(/^worker 1: \d+ forgotten\nworker 2: \d+ forgotten\n$/);
    const metrics = await (await fetch(`http://127.0.0.1:${monitor}/metrics`)).text();
    expect(metrics).toContain("rootwalk_workers 2");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);
    await until(() => before.every(({ pid }) => !alive(pid)));
  });

  it("trust what the primary trusts, other anchors after a reload included", async () => {
    const config = 'listen = ["127.0.0.1:0"]\nworkers = 2';
    running = await startDaemon(lab.configure(config));
    const { port } = running;
    expect((await askOnce(port, "www.good.lab"))?.ad).toBe(true);
    const stranger = join(lab.dir, "stranger");
    writeFileSync(stranger, `. IN DS 1 13 2 ${"00".repeat(32)}\n`);
    lab.configure(config, stranger);
    expect((await ctl("reload")).out).toContain("trust-anchor-file");
    await until(async () => (await askOnce(port, "x.wild.good.lab"))?.rcode === 2);
    lab.configure(config);
    expect((await ctl("reload")).code).toBe(0);
    await until(async () => (await askOnce(port, "y.wild.good.lab"))?.ad === true);
  });

  it("that cannot start again, for a file is missing, are missed by nobody, and come back when it does", async () => {
    const secrets = join(lab.dir, "secrets");
    writeFileSync(secrets, `${"00".repeat(16)}\n`);
    running = await startDaemon(
      lab.configure(`listen = ["127.0.0.1:0"]\nworkers = 2\ncookie-secret-file = "${secrets}"`),
    );
    const { port, err } = running;
    rmSync(secrets);
    process.kill((await statuses())[0]!.pid, "SIGKILL");
    await until(() => err().includes("worker 1 cannot start: "), err);
    expect(err()).toContain("there is no such file");
    expect((await askOnce(port, "www.good.lab"))?.ad).toBe(true);
    expect((await statuses()).map(({ worker }) => worker)).toEqual([2]);
    writeFileSync(secrets, `${"00".repeat(16)}\n`);
    await until(async () => (await statuses()).length === 2);
    expect((await askOnce(port, "www.good.lab"))?.ad).toBe(true);
  });

  it("that cannot start say so once, with exit code 1", async () => {
    running = await startDaemon(lab.configure(`listen = ["127.0.0.1:${other}"]`));
    const second = await rootwalk("serve", "--listen", `127.0.0.1:${other}`, "--workers", "2");
    expect(second).toMatchObject({ code: 1, out: "" });
    expect(second.err).toMatch(/^rootwalk: cannot listen on 127\.0\.0\.1:[0-9]+ \(TCP\): another program[^\n]*\n$/);
  });
});
