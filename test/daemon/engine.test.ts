/** An engine that is changed while it runs: by a new configuration, by another process's trust anchors, by time. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { configurationFrom } from "../../src/daemon/configuration.ts";
import { Engine, type EngineParts } from "../../src/daemon/engine.ts";
import { createLog } from "../../src/daemon/log.ts";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { Clock, Timer } from "../../src/env/env.ts";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { createResolver, type ResolverOptions } from "../../src/resolver/create.ts";
import { Name } from "../../src/wire/name.ts";
import { closeEncrypted, dialTls, renewedFiles, serverFiles } from "../server/encrypted.ts";
import { askOnce } from "./process.ts";

const zones = [{ apex: "." }, { apex: "lab.", records: "www A 192.0.2.80" }];
const world = buildWorld({ zones }, systemClock.unixSeconds());
const right = anchorsFromZoneText(world.anchors, "lab");

let folder: string;
let engine: Engine | null = null;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-engine-"));
});
afterEach(async () => {
  await engine?.stop();
  engine = null;
});
afterAll(() => rmSync(folder, { recursive: true }));

function configured(lines = "", sections = "") {
  const file = join(folder, "rootwalk.toml");
  writeFileSync(file, `listen = ["127.0.0.1:0"]\n${lines}\n[settings]\nquery-private = true\n${sections}`);
  return configurationFrom({ flags: () => undefined, env: {}, file, now: systemClock.unixSeconds() });
}

/** The port on which it answers, and what was logged. */
async function start(
  anchors: EngineParts["anchors"],
  configuration = configured(),
  clock: Clock & Timer = systemClock,
) {
  let logged = "";
  const write = (text: string): void => {
    logged += text;
  };
  const made: ResolverOptions[] = [];
  const io = {
    stdout: write,
    stderr: write,
    stop: new AbortController().signal,
    clock,
    createResolver: (options: ResolverOptions) => {
      made.push(options);
      return createResolver({
        trustAnchors: right,
        ...options,
        rootHints: world.hints,
        env: {
          clock: systemClock,
          random: systemRandom,
          exchange: world.exchange,
          emit: options.onEvent ?? (() => {}),
        },
      });
    },
  };
  const log = createLog({
    level: "info",
    format: "human",
    linesPerSecond: 100,
    clock: systemClock,
    write,
    isJournal: false,
    worker: null,
  });
  engine = new Engine(configuration, {
    io,
    log,
    worker: 1,
    workers: 1,
    anchors,
    readConfiguration: () => configuration,
    warmth: null,
    inherited: null,
  });
  const listening = await engine.listen();
  const portOf = (scheme: RegExp): number => Number(scheme.exec(listening)?.[1]);
  return { engine, made, logged: () => logged, port: portOf(/:(\d+)/), tls: portOf(/tls:\/\/[^ ]*:(\d+)/) };
}

describe("trust anchors from another process", () => {
  it("count at once; a zone whose keys were all revoked is bogus, and the log says why", async () => {
    const { engine, port, logged } = await start({ kind: "handed over", anchors: right });
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
    engine.useAnchors([{ zone: Name.root, ds: [], keys: [], source: "revoked" }]);
    expect((await askOnce(port, "www.lab"))?.rcode).toBe(2);
    expect(logged()).toMatch(/^rootwalk: www\.lab\. A is bogus: every key of the trust anchor of \. was revoked/m);
    engine.useAnchors(right);
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
  });
});

describe("a new configuration", () => {
  it("with other settings makes a new resolver, which proves again what the old one knew without asking", async () => {
    const { engine, port, made } = await start({ kind: "followed here", store: null });
    await askOnce(port, "www.lab");
    const asked = (): number => world.asked.filter(({ question }) => `${question.name}` === "www.lab.").length;
    const before = asked();
    const changes = await engine.reload(configured("", "alias-steps = 5\n"));
    expect(changes[0]).toBe("alias-steps: 11 becomes 5, with a new resolver");
    expect(made).toHaveLength(2);
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
    expect(asked()).toBe(before);
  });

  it("that cannot be used changes nothing", async () => {
    const { engine, port, made } = await start({ kind: "followed here", store: null });
    await expect(engine.reload(configured('root-hints = "/nonexistent"'))).rejects.toThrow("there is no such file");
    await expect(engine.reload(configured('tls-listen = ["127.0.0.1:0"]'))).rejects.toThrow("tls-certificate");
    expect(made).toHaveLength(1);
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
  });

  it("whose sockets cannot be opened keeps the old ones", async () => {
    const { engine, port } = await start({ kind: "followed here", store: null });
    const before = configured();
    const taken = { ...before, options: { ...before.options, listen: ["127.0.0.1:0", `127.0.0.1:${port}`] } };
    await expect(engine.reload(taken)).rejects.toThrow("another program has this address");
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
  });

  it("with access rules counts for the next question", async () => {
    const { engine, port } = await start({ kind: "followed here", store: null });
    const changes = await engine.reload(configured('allow = ["192.0.2.0/24"]\nhide-version = true'));
    expect(changes).toEqual([
      'allow: [] becomes ["192.0.2.0/24"], at once',
      "hide-version: false becomes true, at once",
    ]);
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
  });
});

describe("a configuration with other limits", () => {
  it("applies them at once, and says which of them need a restart", async () => {
    const { engine, port } = await start({ kind: "followed here", store: null });
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    const limits = ["idle-ms = 50", "late-ms = 500", "handshake-ms = 100", "udp-receive-octets = 65536"];
    expect(await engine.reload(configured("", `[limits]\n${limits.join("\n")}\n`))).toEqual([
      "handshake-ms: 3000 becomes 100, which needs a restart",
      "idle-ms: 10000 becomes 50, at once",
      "udp-receive-octets: 4194304 becomes 65536, which needs a restart",
      "late-ms: 1900 becomes 500, at once",
    ]);
    await new Promise<void>((resolve) => socket.once("close", () => resolve())); // that stood already
    expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
    expect(await engine.reload(configured("", "[limits]\nudp-payload = 512\n"))).toContain(
      "udp-payload: 1232 becomes 512, at once",
    );
    await expect(async () => engine.reload(configured("", "[limits]\nidle-ms = 1\n"))).rejects.toThrow("idle-ms");
  });
});

/** A clock on which what waits for a minute or longer waits for the test. */
function minutely() {
  const waiting = new Set<() => void>();
  const doze = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      waiting.add(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  const aMinutePasses = async (): Promise<void> => {
    for (const wake of waiting) {
      waiting.delete(wake);
      wake();
    }
    await systemClock.sleep(0);
  };
  return { clock: { ...systemClock, doze }, aMinutePasses };
}

describe("files that are gone while it runs", () => {
  it("are missed by nobody: what was read before holds, other anchors count, and a reload says what is wrong", async () => {
    const { clock, aMinutePasses } = minutely();
    const secrets = join(folder, "cookies");
    const hints = join(folder, "hints");
    writeFileSync(secrets, `${"00".repeat(16)}\n`);
    writeFileSync(hints, ". NS ns.\nns. A 192.0.2.1\n");
    const lines = `root-hints = "${hints}"\ncookie-secret-file = "${secrets}"`;
    const handed: EngineParts["anchors"] = { kind: "handed over", anchors: right };
    const { engine, port, logged } = await start(handed, configured(lines), clock);
    for (const file of [secrets, hints]) {
      rmSync(file);
      await aMinutePasses();
      expect(logged()).toContain("going on with what was read before: ");
      expect((await askOnce(port, "www.lab"))?.ad).toBe(true);
    }
    expect(logged()).toContain(`root hints from ${hints}: there is no such file`);
    expect(await engine.tell({ do: "flush", name: ".", scope: "below" })).toMatchObject({ do: "flush" });
    engine.useAnchors([{ zone: Name.root, ds: [], keys: [], source: "revoked" }]);
    expect((await askOnce(port, "www.lab"))?.rcode, "revoked keys are not trusted any longer").toBe(2);
    await expect(engine.reload(configured(lines))).rejects.toThrow("there is no such file");
  });
});

describe("a renewed certificate", () => {
  it("is taken up from the files that the last configuration names, and from no others", async () => {
    const { clock, aMinutePasses } = minutely();
    const install = (place: string, files: typeof serverFiles): string => {
      copyFileSync(files.certificate, join(folder, `${place}.pem`));
      copyFileSync(files.key, join(folder, `${place}.key`));
      return `tls-listen = ["127.0.0.1:0"]\ntls-certificate = "${join(folder, place)}.pem"\ntls-key = "${join(folder, place)}.key"`;
    };
    const first = configured(install("first", serverFiles));
    const { engine, tls, logged } = await start({ kind: "followed here", store: null }, first, clock);
    const shown = async (): Promise<string> => {
      const socket = await dialTls(tls, { rejectUnauthorized: false });
      return socket.getPeerCertificate().fingerprint256;
    };
    const old = await shown();
    await engine.reload(configured(install("second", renewedFiles)));
    const renewed = await shown();
    expect(renewed).not.toBe(old);
    writeFileSync(join(folder, "first.pem"), readFileSync(serverFiles.certificate, "utf8"));
    await aMinutePasses();
    expect(await shown(), "nobody asked for the first one any more").toBe(renewed);
    install("second", serverFiles);
    await aMinutePasses();
    expect(await shown()).toBe(old);
    expect(logged()).toContain(`a new certificate from ${join(folder, "second.pem")} is used`);
    await closeEncrypted();
  });
});

describe("a negative trust anchor", () => {
  it("holds for its zone", async () => {
    const { port } = await start(
      { kind: "followed here", store: null },
      configured("", '[[negative-anchor]]\nname = "lab"\n'),
    );
    const answer = await askOnce(port, "www.lab");
    expect({ rcode: answer?.rcode, ad: answer?.ad }).toEqual({ rcode: 0, ad: false });
  });
});
