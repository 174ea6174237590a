/** The package's door: what stands in it, what passing it costs, and whether other people's programs compile against it. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
    for (const folder of ["lab", "server", "cli"]) expect(folders).not.toContain(folder);
  });

  it("is no package but the cache; the portable engine comes when it is asked for", () => {
    expect([...packages].filter((name) => !name.startsWith("node:"))).toEqual(["lru-cache"]);
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

async function compile(dir: string, sources: Readonly<Record<string, string>>): Promise<{ code: number; out: string }> {
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
