/** Policies, records and hosts beside mailauth 7 (strict), which reads RFC 8461 with other eyes. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowsHost, parseStsPolicy, parseStsRecord, type StsPolicy } from "../../src/mail/sts-policy.ts";
import { Name } from "../../src/wire/name.ts";

interface Theirs {
  readonly mode: string;
  readonly maxAge: number;
  readonly mx?: readonly string[];
}

interface Mailauth {
  parsePolicy(text: string, options: { strict: true }): Theirs;
  validateMx(mx: string, policy: Theirs, options: { strict: true }): { valid: boolean };
  resolvePolicy(
    domain: string,
    options: { strict: true; resolver: (domain: string, type: string) => Promise<string[][]> },
  ): Promise<string | false>;
}

const mailauth = createRequire(import.meta.url)("mailauth/lib/mta-sts") as Mailauth;
const strict = { strict: true } as const;

const host = fc.constantFrom("mx.ta.lab", "MX2.ta.lab", "a.b.ta.lab", "ta.lab", "xn--mx-xka.lab", "mx.tatlab", "lab");
const pattern = fc.oneof(
  host,
  host.map((name) => `*.${name}`),
  fc.constantFrom("*", "*.*.lab", "m*.ta.lab", "", "-a.lab", "a..b"),
);
const line = fc.oneof(
  fc.constantFrom("version: STSv1", "version: STSv1", "version:STSv1", "version: STSv2", "Version: STSv1"),
  fc.constantFrom("mode: enforce", "mode: testing", "mode: none", "mode:\tenforce ", "mode: Enforce", "mode: "),
  fc.constantFrom(
    "max_age: 86400",
    "max_age: 0",
    "max_age: 31557600",
    "max_age: 31557601",
    "max_age: -1",
    "max_age: 1e3",
  ),
  pattern.map((text) => `mx: ${text}`),
  fc.constantFrom("extension: whatever: it says", "mx_host: mx.ta.lab"),
);
const document = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, end, closed]) => lines.join(end) + (closed ? end : ""));

/** Most random documents lack something: these have it all, and then some. */
const whole = fc
  .tuple(document, pattern)
  .map(([text, mx]) => `version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx.ta.lab\nmx: ${mx}\n${text}`);

function theirs(text: string): Theirs | null {
  try {
    return mailauth.parsePolicy(text, strict);
  } catch {
    return null;
  }
}

function ours(text: string): StsPolicy | null {
  const parsed = parseStsPolicy(text);
  return parsed.kind === "policy" ? parsed.policy : null;
}

/** A label that begins with a hyphen: a name in DNS, and no domain of RFC 5321. It can match nobody's host; we let it stand. */
const isNamed = (text: string): boolean => /mx: (?:\*\.)?-/.test(text);

describe("beside mailauth", () => {
  it("the same documents are policies, and say the same", () => {
    let both = 0;
    fc.assert(
      fc.property(fc.oneof(document, whole, whole), (text) => {
        fc.pre(!isNamed(text));
        const [their, own] = [theirs(text), ours(text)];
        if (their === null || own === null) return their === own;
        both += 1;
        const mx = (list: readonly string[]): string => [...new Set(list)].sort().join();
        return their.mode === own.mode && their.maxAge === own.maxAge && mx(their.mx ?? []) === mx(own.mx);
      }),
      { numRuns: 3000 },
    );
    expect(both).toBeGreaterThan(100); // and not all of them were refused
  });

  it("the same hosts are allowed", () => {
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), host, (patterns, name) => {
        const text = `version: STSv1\nmode: enforce\nmax_age: 1\n${patterns.map((mx) => `mx: ${mx}\n`).join("")}`;
        const [their, own] = [theirs(text), ours(text)];
        if (their === null || own === null) return true;
        return mailauth.validateMx(name, their, strict).valid === allowsHost(own, Name.parse(name));
      }),
      { numRuns: 2000 },
    );
  });

  it("the same TXT RRs are a record", async () => {
    const part = fc.constantFrom(
      "v=STSv1",
      "id=1",
      "id=20260101T0",
      "id=a-b",
      "id=",
      "x=y",
      "x=y=z",
      "x y=z",
      "nonsense",
      "",
      "V=STSv1",
    );
    const record = fc
      .tuple(fc.array(part, { maxLength: 4 }), fc.constantFrom(";", "; ", " ; ", ";  "), fc.boolean(), fc.boolean())
      .map(
        ([parts, by, versioned, closed]) =>
          [...(versioned ? ["v=STSv1"] : []), ...parts].join(by) + (closed ? ";" : ""),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 3 }), async (texts) => {
        const own = parseStsRecord(texts);
        const resolver = async (): Promise<string[][]> => texts.map((text) => [text]);
        // More than one record is an error there, and none to us: both mean no policy.
        const their = await mailauth.resolvePolicy("ta.lab", { strict: true, resolver }).catch(() => false as const);
        return (own.kind === "record" ? own.id : false) === their;
      }),
      { numRuns: 3000 },
    );
  });
});
