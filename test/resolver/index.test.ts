/** The package's door: what stands in it, what passing it costs, and whether other people's programs compile against it. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as door from "../../src/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = join(root, "dist/index.js");

describe('what `import "rootwalk"` loads', () => {
  const { files, packages } = loaded(join(root, "src/index.ts"));

  it("is not the lab, nor the daemon, nor the commands", () => {
    expect(files.length).toBeGreaterThan(40);
    const folders = new Set(files.map((file) => file.slice(join(root, "src/").length).split("/")[0]));
    for (const folder of ["lab", "server", "cli", "picture", "page", "daemon"]) expect(folders).not.toContain(folder);
  });

  it("is no package but the cache; the portable engine comes when it is asked for", () => {
    expect([...packages].filter((name) => !name.startsWith("node:"))).toEqual(["lru-cache"]);
  });

  it("is not the portable engine, nor what only tools need", () => {
    const loadedFiles = files.map((file) => file.slice(join(root, "src/").length));
    expect(loadedFiles).not.toContain("crypto/portable.ts");
    expect(
      loadedFiles.filter((file) => /^mail\/(check|probe|dialogs|tls-client|generate|rollover)/.test(file)),
    ).toEqual([]);
  });

  it("opens nothing and starts nothing", async () => {
    const before = process.getActiveResourcesInfo();
    expect(typeof door.createResolver).toBe("function");
    expect(process.getActiveResourcesInfo()).toEqual(before);
  });
});

describe("the door", () => {
  it("does not let the mint out", () => {
    for (const name of ["mintSecure", "mintInsecure", "bogus", "indeterminate"]) expect(door).not.toHaveProperty(name);
    expect(() => Reflect.construct(door.Secure, [{}, {}, {}])).toThrow(TypeError);
    expect(door.Secure.is({ status: "secure", value: {}, proof: {} })).toBe(false);
  });

  it("holds nothing but re-exports", () => {
    const text = readFileSync(join(root, "src/index.ts"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    expect(text.replace(/export (type )?(\{[^}]*\}|\*)( as \w+)? from "[^"]+";/g, "").trim()).toBe("");
  });
});

describe.skipIf(!existsSync(built))("programs of others, against dist (npm run build makes it)", () => {
  let dir = "";

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "rootwalk-consumer-"));
    mkdirSync(join(dir, "node_modules/@types"), { recursive: true });
    symlinkSync(root, join(dir, "node_modules/rootwalk"));
    symlinkSync(join(root, "node_modules/@types/node"), join(dir, "node_modules/@types/node"));
    symlinkSync(join(root, "node_modules/undici-types"), join(dir, "node_modules/undici-types"));
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("in TypeScript: strict, without skipLibCheck, and the status must be looked at before the data", async () => {
    const { code, out } = await compile(dir, {
      "good.ts": `
        import { connect } from "node:net";
        import { createResolver, explainVerdict, isOfType, mailauthResolver, mxConnectDns, nodeDns, rdataOf, TYPE, toPacket } from "rootwalk";
        import type { Answer, Resolver, Verdict, AnswerData } from "rootwalk";
        const resolver: Resolver = createResolver({ settings: { totalTimeoutMs: 4000 } });
        const answer: Answer = await resolver.resolve("_25._tcp.mx.example", "TLSA", { signal: AbortSignal.timeout(100) });
        const verdict: Verdict<AnswerData> = answer.verdict;
        switch (verdict.status) {
          case "secure":
            for (const rrset of verdict.value.rrsets)
              if (isOfType(rrset, TYPE.TLSA)) for (const { usage, data } of rdataOf(rrset)) console.log(usage + data.length, verdict.proof.validUntil);
            break;
          case "insecure": console.log(verdict.why.kind, explainVerdict(verdict)); break;
          case "bogus": case "indeterminate": console.log(verdict.failure.detail satisfies string); break;
          default: verdict satisfies never;
        }
        const dns = nodeDns(resolver);
        const socket = connect({ host: "mx.example", port: 25, lookup: dns.lookup });
        const mx: { exchange: string; priority: number }[] = await dns.resolveMx("example.com");
        const withTtl: number = (await dns.resolve4("example.com", { ttl: true }))[0]!.ttl;
        const texts: string[][] = await dns.resolve("example.com", "TXT");
        const { resolveTlsa } = mxConnectDns(resolver);
        const cert: Buffer = (await resolveTlsa("_25._tcp.mx.example"))[0]!.cert;
        const verify: (domain: string, rrtype: string) => Promise<string[][] | string[]> = mailauthResolver(resolver);
        for (const record of toPacket(answer)?.answers ?? []) if (record.type === "TLSA") record.data.certificate satisfies Buffer;
        const closing: AsyncDisposable = resolver;
        export { socket, mx, withTtl, texts, cert, verify, closing };
      `,
    });
    expect(out).toBe("");
    expect(code).toBe(0);
  });

  it.each([
    ["nodenext", "nodenext", "good.mts"],
    ["nodenext", "nodenext", "good.cts"],
    ["node16", "node16", "good.mts"],
    ["esnext", "bundler", "good.ts"],
    ["preserve", "bundler", "good.ts"],
  ])("its types are found with module %s, moduleResolution %s, in %s", async (module, moduleResolution, name) => {
    const lines =
      'import { createResolver, type Answer } from "rootwalk"; export const use: [typeof createResolver, Answer?] = [createResolver];';
    const { out } = await compile(dir, { [name]: lines }, { module, moduleResolution });
    expect(out).toBe("");
  });

  it("a process ends by itself after close, whatever was under way", async () => {
    writeFileSync(
      join(dir, "ends.mjs"),
      `
      import { createResolver, Name, nodeDns } from "rootwalk";
      const servers = [{ address: "127.0.0.1", port: Number(process.argv[2]) }];
      const resolvers = [1, 2].map(() => createResolver({ forwards: [{ zone: Name.root, servers }] }));
      const waiting = resolvers.map((resolver) => resolver.resolve("mx.example.com", "A"));
      const looking = nodeDns(resolvers[0]).lookup("mx.example.net").catch(({ code }) => code);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const busy = process.getActiveResourcesInfo().some((name) => /UDP/i.test(name));
      for (const resolver of resolvers) await resolver.close();
      const statuses = (await Promise.all(waiting)).map(({ verdict }) => verdict.status);
      for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate); // sockets leave the event loop at its end
      const left = process.getActiveResourcesInfo().filter((name) => /UDP|TCP|Timeout|Immediate/i.test(name));
      console.log(busy, ...statuses, await looking, left.join());
      `,
    );
    const silent = createSocket("udp4");
    await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
    const seen = await run([join(dir, "ends.mjs"), String(silent.address().port)]);
    silent.close();
    expect(seen).toEqual({ code: 0, out: "true indeterminate indeterminate ECANCELLED \n" });
  });

  it("a process with an idle resolver ends even without close", async () => {
    writeFileSync(
      join(dir, "idle.mjs"),
      'import { createResolver } from "rootwalk"; createResolver(); console.log("made");',
    );
    expect(await run([join(dir, "idle.mjs")])).toEqual({ code: 0, out: "made\n" });
  });

  it("two copies in one process do not believe each other's proofs", async () => {
    for (const part of ["dist", "trust-anchors", "package.json"])
      cpSync(join(root, part), join(dir, "node_modules/other", part), { recursive: true });
    symlinkSync(join(root, "node_modules/lru-cache"), join(dir, "node_modules/lru-cache"));
    writeFileSync(
      join(dir, "copies.mjs"),
      `
      import * as one from "rootwalk";
      import * as other from "./node_modules/other/dist/index.js";
      import { buildWorld } from "./node_modules/other/dist/lab/world.js";
      const zone = { apex: "ta.lab.", records: "@ MX 10 mx\\nmx A 192.0.2.1\\n_25._tcp.mx TLSA 3 1 1 ${"ab".repeat(32)}" };
      const world = buildWorld({ zones: [{ apex: "." }, { apex: "lab." }, zone] }, other.systemClock.unixSeconds());
      const resolver = other.createResolver({
        env: { clock: other.systemClock, random: other.systemRandom, exchange: world.exchange, emit() {} },
        rootHints: world.hints, trustAnchors: world.anchors, settings: { queryPrivate: true },
      });
      const { verdict } = await resolver.resolve("_25._tcp.mx.ta.lab", "TLSA");
      const plan = await other.planDelivery(resolver, "ta.lab");
      const told = async (work) => { try { return await work(); } catch (error) { return error.name; } };
      const { tlsa, policy, names } = plan.hosts[0].action;
      console.log(verdict.status, plan.hosts[0].action.do, one.Secure.is(verdict), verdict instanceof one.Secure);
      console.log(
        await told(() => one.planDelivery(resolver, "ta.lab")),
        await told(() => one.secureRRset(verdict, one.TYPE.TLSA)),
        await told(() => one.matchCertificate(tlsa, [{}], { policy, names, now: 0 })),
      );
      await resolver.close();
      `,
    );
    symlinkSync(join(root, "node_modules/dns-packet"), join(dir, "node_modules/dns-packet"));
    symlinkSync(join(root, "node_modules/@leichtgewicht"), join(dir, "node_modules/@leichtgewicht"));
    expect(await run([join(dir, "copies.mjs")])).toEqual({
      code: 0,
      out: "secure authenticate false false\nTypeError TypeError TypeError\n",
    });
  });

  it.each([
    [
      "data before the status",
      "export const rrsets = (await createResolver().resolve('a', 'A')).verdict.value;",
      "TS2339",
    ],
    ["a Secure of one's own making", "export const mine = new Secure(1, {});", "TS2673"],
    [
      "a look-alike",
      "export const mine: Secure<number> = { status: 'secure', value: 1, proof: { parts: [], validUntil: 1 } };",
      "TS2741",
    ],
    [
      "TLSA records that nobody proved, in the matcher",
      "import { matchCertificate, type Matching, type RRset } from 'rootwalk'; export const match = (found: RRset<52>, by: Matching) => matchCertificate(found, [], by);",
      "TS2739",
    ],
    ["a setting that does not exist", "export const mine = createResolver({ settings: { timeout: 1 } });", "TS2353"],
  ])("%s does not compile", async (_what, line, error) => {
    const { code, out } = await compile(dir, {
      "bad.ts": `import { createResolver, Secure } from "rootwalk";\n${line}\nexport { createResolver as c, Secure as s };`,
    });
    expect(code).not.toBe(0);
    expect(out).toContain(error);
    expect(out.match(/error TS/g)).toHaveLength(1); // and nothing else is wrong
  });

  it("in JavaScript, as a module and by require", async () => {
    const program = `
      const resolver = createResolver({ env: nobody(), rootHints: "a. A 192.0.2.1", settings: { totalTimeoutMs: 500 } });
      resolver.resolve("localhost", "A").then(async (answer) => {
        console.log(answer.verdict.status, answer.authenticated, Name.parse("A.b").toString(), TYPE.TLSA, explainVerdict(answer.verdict));
        await resolver.close();
      });
      function nobody() {
        const clock = virtualClock({ unixSeconds: 1800000000 });
        return { clock, random: seededRandom(1), exchange: async () => ({ kind: "timeout", discarded: 0 }), emit() {} };
      }`;
    const names = "{ createResolver, explainVerdict, Name, seededRandom, TYPE, virtualClock }";
    writeFileSync(join(dir, "module.mjs"), `import ${names} from "rootwalk";${program}`);
    const seen = await run([join(dir, "module.mjs")]);
    expect(seen).toEqual({ code: 0, out: "insecure false A.b. 52 insecure: localhost. is answered locally\n" });
    writeFileSync(join(dir, "required.cjs"), `const ${names} = require("rootwalk");${program}`);
    expect(await run(["--no-warnings", join(dir, "required.cjs")])).toEqual(seen);
  });
});

/** All files and packages that importing `entry` evaluates; type imports vanish. */
function loaded(entry: string): { readonly files: readonly string[]; readonly packages: ReadonlySet<string> } {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, words, from] of text.matchAll(/^(?:import|export) ([^"';]*?)from "([^"]+)";/gms)) {
      if (words!.startsWith("type ")) continue;
      if (from!.startsWith(".")) files.add(join(dirname(file), from!));
      else packages.add(from!);
    }
    for (const [, from] of text.matchAll(/^import "([^"]+)";/gm)) packages.add(from!);
  }
  return { files: [...files], packages };
}

async function compile(
  dir: string,
  sources: Readonly<Record<string, string>>,
  how: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string }> {
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(dir, name), text);
  const options = {
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
    skipLibCheck: false,
    preserveSymlinks: true,
    ...how,
  };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: Object.keys(sources) }));
  return run([
    join(root, "node_modules/typescript/bin/tsc"),
    "--project",
    join(dir, "tsconfig.json"),
    "--pretty",
    "false",
  ]);
}

function run(args: readonly string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err });
    });
  });
}
