/** `rootwalk tlsa generate`: from every kind of file to every kind of line. */
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { readKeyMaterial } from "../../src/mail/key-material.ts";
import { parseZone } from "../../src/wire/zonefile.ts";
import { pem, privateKey, record, spki } from "../dane/harness.ts";
import { commandIo } from "./command-io.ts";
import { type MailWorld, mailWorld } from "./mail-world.ts";

const folder = mkdtempSync(join(tmpdir(), "rootwalk-tlsa-"));
const worlds: MailWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function generate(argv: readonly string[], world?: MailWorld) {
  const io = commandIo(world);
  const code = await run(["tlsa", "generate", ...argv], io);
  return { code, out: io.out(), err: io.err() };
}

const leaf = new X509Certificate(pem("leaf"));
const expected = `3 1 1 ${createHash("sha256").update(spki(leaf)).digest("hex")}\n`;
const openssl = (args: readonly string[], input: string | Buffer): Buffer =>
  execFileSync("openssl", args, { input, stdio: "pipe" });
const hasOpenssl = (() => {
  try {
    return openssl(["version"], "").length > 0;
  } catch {
    return false;
  }
})();

/** Made once by `openssl req -new -key leaf.key -subj /CN=mx`, as tests need no openssl for it. */
const request = `-----BEGIN CERTIFICATE REQUEST-----
MIHHMG8CAQAwDTELMAkGA1UEAwwCbXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAR84chApMOu+VgZwsdFPq2ZmLr5YOtBfXMVjoHtrje0tSNMANrchjuJQxRBHDQP
lzWszB0I/kHrgJmKp0eu8GquoAAwCgYIKoZIzj0EAwIDSAAwRQIgIpf+ZKdOCAJB
IJ9aig8Jbs3oEqfuPU8P+S7OQf1ueysCIQCIvFMmncgw+knIb8t2DWUe3EiHRbSq
L9MZv89mowJM6w==
-----END CERTIFICATE REQUEST-----
`;

describe("tlsa generate", () => {
  it.each<[string, () => string | Uint8Array]>([
    ["a certificate", () => pem("leaf")],
    ["a certificate with text around it", () => `Subject: CN=Leaf\n${pem("leaf")}\nmore\n`],
    ["a certificate with CRLF", () => pem("leaf").replaceAll("\n", "\r\n")],
    ["a chain", () => pem("leaf") + pem("intermediate")],
    ["a chain and its key", () => privateKey("leaf") + pem("leaf") + pem("intermediate")],
    ["a certificate in DER", () => leaf.raw],
    ["a private key", () => privateKey("leaf")],
    ["a private key in DER", () => Buffer.from(privateKey("leaf").replace(/-----[^-]+-----/g, ""), "base64")],
    ["a public key", () => leaf.publicKey.export({ type: "spki", format: "pem" })],
    ["a public key in DER", () => spki(leaf)],
    ["a request", () => request],
    ["a request in DER", () => Buffer.from(request.replace(/-----[^-]+-----/g, ""), "base64")],
  ])("reads %s", async (name, content) => {
    expect(await generate(["-o", "data", file(name, content())])).toEqual({ code: 0, out: expected, err: "" });
  });

  it("writes every form, and they mean the same", async () => {
    const path = file("leaf.pem", pem("leaf"));
    const lines = async (form: string) => (await generate(["-n", "mx.ta.lab", "-p", "465", "-o", form, path])).out;
    const want = Buffer.from(record("3 1 1 leaf"));
    for (const form of ["rfc", "generic", "zone"]) {
      const [rr] = parseZone(`$TTL 3600\n${await lines(form)}`, { source: form });
      expect(`${rr!.name}`).toBe("_465._tcp.mx.ta.lab.");
      expect(Buffer.from(rr!.rdata)).toEqual(want);
    }
    expect(await lines("zone")).toContain(" 3600 IN TLSA 3 1 1 ");
    expect(await lines("nsupdate")).toMatch(
      /^update add _465\._tcp\.mx\.ta\.lab\. 3600 IN TLSA 3 1 1 [0-9a-f]{64}\nsend\n$/,
    );
    const [, octal] = /^:_465\._tcp\.mx\.ta\.lab:52:([\\0-7]+):3600\n$/.exec(await lines("tinydns"))!;
    expect(
      Buffer.from(
        octal!
          .slice(1)
          .split("\\")
          .map((text) => Number.parseInt(text, 8)),
      ),
    ).toEqual(want);
    const json = JSON.parse(await lines("json"));
    expect(json.records).toEqual([
      {
        owner: "_465._tcp.mx.ta.lab.",
        ttl: 3600,
        usage: 3,
        selector: 1,
        matchingType: 1,
        data: want.subarray(3).toString("hex"),
        about: `CN=Leaf in ${path}`,
      },
    ]);
    expect((await lines("rfc,generic")).split("\n")).toHaveLength(3);
  });

  it.each(["3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 2", "1 1 1", "0 0 1", "2 1 1", "2 0 0"])(
    "makes %s",
    async (plan) => {
      const [usage, selector, matchingType] = plan.split(" ") as [string, string, string];
      const of = usage === "2" || usage === "0" ? "intermediate" : "leaf";
      const options = ["-u", usage, "-s", selector, "-m", matchingType, "-o", "data"];
      const { code, out } = await generate([...options, file("chain.pem", pem("leaf") + pem("intermediate"))]);
      expect(code).toBe(0);
      expect(out).toBe(`${plan} ${Buffer.from(record(`${plan} ${of}`).subarray(3)).toString("hex")}\n`);
    },
  );

  it("makes one record for each key, and each once", async () => {
    const files = [pem("leaf"), privateKey("leaf"), pem("leaf-rsa")].map((text, i) => file(`${i}.pem`, text));
    const { out } = await generate(["-n", "a.lab", "-n", "b.lab", ...files]);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => line.slice(0, 60)),
    ).toHaveLength(4);
  });

  it.each<[string[], string | null]>([
    [["-u", "1", "-n", "mx.ta.lab", "leaf"], "usage 1 does not count between mail servers"],
    [["-u", "1", "-n", "mx.ta.lab", "-p", "443", "leaf"], null],
    [["-s", "0", "-n", "mx.ta.lab", "leaf"], "selector 0 changes with every renewal"],
    [["-m", "0", "-n", "mx.ta.lab", "leaf"], "matching type 0 puts everything into DNS"],
    [["-u", "2", "-n", "mx.ta.lab", "leaf"], "CN=Leaf is no CA"],
    [["-u", "2", "-n", "mx.ta.lab", "root"], "the server must send CN=Root"],
    [["-u", "2", "-n", "other.lab", "leaf+intermediate"], "does not show the name other.lab."],
    [["-u", "2", "-n", "mx.ta.lab", "leaf-expired+intermediate"], "expired on"],
    [["-n", "other.lab", "leaf-expired"], null],
  ])("%j warns", async (argv, text) => {
    const names = argv.at(-1)!.split("+");
    const { code, err } = await generate([...argv.slice(0, -1), file(names.join("-"), names.map(pem).join(""))]);
    expect(code).toBe(0);
    if (text === null) expect(err).toBe("");
    else expect(err).toContain(text);
  });

  it.each<[string, string | Uint8Array, string]>([
    ["nothing", "", "the file is empty"],
    ["text", "hello", "no certificate, request or key, neither in PEM nor in DER"],
    ["a certificate cut short", pem("leaf").slice(0, 300), "a block in it does not end as it began"],
    [
      "half a certificate",
      pem("leaf").replace(/\n[^\n]+\n-----END/, "\n-----END"),
      "a certificate in it cannot be read",
    ],
    ["letters that are no base64", "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", "not base64"],
    [
      "a bad second certificate",
      `${pem("leaf")}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      "a certificate in it cannot be read",
    ],
    ["a damaged request", request.replace("MIHH", "MIHA"), "the certificate request in it cannot be read"],
    ["a CRL", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "X509 CRL is no certificate, request or key"],
    [
      "an encrypted key",
      generateKeyPairSync("ec", {
        namedCurve: "P-256",
        privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      }).privateKey,
      "the private key is encrypted",
    ],
    ["two keys", privateKey("leaf") + privateKey("rsa"), "one of them expected"],
    ["a certificate with an octet behind it", Buffer.concat([leaf.raw, Buffer.of(0)]), "neither in PEM nor in DER"],
    ["too much", Buffer.alloc(2_000_000), "more than 1048576 octets"],
  ])("refuses %s", async (name, content, why) => {
    const { code, out, err } = await generate(["-o", "data", file(name, content)]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(why);
    expect(err.split("\n")).toHaveLength(2);
  });

  it("reads whatever is given without more than a KeyMaterialError", async () => {
    const random = seededRandom(7);
    const seeds = [Buffer.from(pem("leaf")), Buffer.from(request), leaf.raw, Buffer.from(privateKey("leaf"))];
    for (let i = 0; i < 400; i++) {
      const octets = Buffer.from(seeds[i % seeds.length]!);
      for (let n = 1 + random.integer(4); n > 0; n--) octets[random.integer(octets.length)] = random.integer(256);
      const cut = octets.subarray(0, random.integer(octets.length + 1));
      await readKeyMaterial(i % 3 === 0 ? cut : octets, "x").catch((error: Error) => {
        if (error.name !== "KeyMaterialError") throw error;
      });
    }
  });

  it.each([
    [["x.pem"], "--name HOST is missing"],
    [["-o", "data"], "needs a file"],
    [["-o", "data", join(folder, "none.pem")], "there is no such file"],
    [["-u", "4", "x.pem"], "--usage"],
    [["-u", "1.5", "x.pem"], "--usage is 1.5"],
    [["-o", "bind", "x.pem"], '--format is "bind"'],
    [["--live", "a:b:c:d:e:f:g:h:99999"], "--live"],
    [["--live", "mx:0"], "--live"],
  ])("%j is wrong", async (argv, text) => {
    const { code, err } = await generate(argv);
    expect(code).toBe(2);
    expect(err).toContain(text);
  });
  it("selector 0 needs a certificate", async () => {
    const { code, err } = await generate(["-s", "0", "-o", "data", file("key.pem", privateKey("leaf"))]);
    expect(code).toBe(2);
    expect(err).toContain("holds a private key: selector 0 needs the certificate");
  });

  it("looks at a server that runs, and compares with what is published", async () => {
    const live = async (tlsa: readonly string[]) => {
      const servers = [{ chains: ["leaf-rsa intermediate", "leaf intermediate"] }];
      const world = await mailWorld([{ name: "mx", servers, tlsa }]);
      worlds.push(world);
      const argv = ["--live", `mx.ta.lab:${world.port}`, "--starttls", "smtp", "--verify"];
      return generate(argv, world);
    };
    const both = await live(["3 1 1 leaf", "3 1 1 leaf-rsa", "3 1 1 root"]);
    expect(both.out.trim().split("\n")).toHaveLength(2);
    expect(both.code).toBe(0);
    expect(both.err).toMatch(/TLSA: published; beside them 3 1 1 /);
    const one = await live(["3 1 1 leaf"]);
    expect(one.code).toBe(3);
    expect(one.err).toContain("not published: 3 1 1 fcfb16473dfaecb9…");
    expect((await live([])).code).toBe(4);
  });
  it("says so where there is no server", async () => {
    const world = await mailWorld([{ name: "mx", servers: ["nobody"] }]);
    const { code, err } = await generate(["--live", `mx.ta.lab:${world.port}`, "--starttls", "smtp"], world);
    expect(code).toBe(7);
    expect(err).toContain("ECONNREFUSED");
  });

  it.skipIf(!hasOpenssl)("agrees with openssl (skipped without it)", () => {
    const key = openssl(["x509", "-noout", "-pubkey"], pem("leaf-rsa"));
    const der = openssl(["pkey", "-pubin", "-outform", "DER"], key);
    expect(createHash("sha256").update(der).digest("hex")).toBe(
      Buffer.from(record("3 1 1 leaf-rsa").subarray(3)).toString("hex"),
    );
  });
});
