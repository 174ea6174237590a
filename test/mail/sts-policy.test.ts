/** RFC 8461 §3.1, §3.2, §4.1: records, policies and which hosts they allow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allowsHost,
  LONGEST_MAX_AGE,
  parseStsPolicy,
  parseStsRecord,
  type StsPolicy,
} from "../../src/mail/sts-policy.ts";
import { Name } from "../../src/wire/name.ts";

describe("the record", () => {
  it.each([
    ["v=STSv1; id=20160831085700Z;", "20160831085700Z"],
    ["v=STSv1;id=1", "1"],
    ["v=STSv1 ; id=1", "1"], // erratum 6285
    ["v=STSv1; some-thing=else; id=abc ; ", "abc"],
    ["v=STSv1; id=first; id=second", "first"],
  ])("%s", (text, id) => expect(parseStsRecord([text])).toEqual({ kind: "record", id }));

  it.each([
    [["v=spf1 -all", "V=STSv1; id=1", " v=STSv1; id=1", "v=STSv1"], 'no TXT begins with "v=STSv1;"'],
    [["v=STSv10; id=1"], 'no TXT begins with "v=STSv1;"'],
    [["v=STSv1; id=1", "v=STSv1; id=1"], '2 TXT begin with "v=STSv1;": one expected'],
    [["v=STSv1;"], '"v=STSv1;" has no id'],
    [["v=STSv1; ID=1"], '"v=STSv1; ID=1" has no id'],
    [["v=STSv1; id=2024-01-01"], 'id "2024-01-01": 1 to 32 letters and digits expected'],
    [[`v=STSv1; id=${"a".repeat(33)}`], `id "${"a".repeat(33)}": 1 to 32 letters and digits expected`],
    [["v=STSv1; id="], 'id "": 1 to 32 letters and digits expected'],
    [["v=STSv1; nonsense; id=1"], '"nonsense" is no field of "v=STSv1; nonsense; id=1"'],
    [["v=STSv1;; id=1"], '"" is no field of "v=STSv1;; id=1"'],
    [["v=STSv1; a=b=c; id=1"], 'a "b=c" is no value'],
    [["v=STSv1; id=1; id="], 'id "" is no value'],
  ])("%j is none", (texts, reason) => expect(parseStsRecord(texts)).toEqual({ kind: "none", reason }));

  it("beside others counts alone", () => {
    expect(parseStsRecord(["v=spf1 mx -all", "v=STSv1; id=7", "x"])).toEqual({ kind: "record", id: "7" });
  });
});

const published = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n";

function parsed(text: string): StsPolicy {
  const outcome = parseStsPolicy(text);
  if (outcome.kind === "invalid") throw new Error(outcome.reason);
  return outcome.policy;
}

describe("the policy", () => {
  it("of RFC 8461 §3.2, with LF, CRLF, and without the last line's end", () => {
    for (const text of [published, published.replaceAll("\n", "\r\n"), published.trimEnd()])
      expect(parsed(text)).toMatchObject({
        mode: "enforce",
        mx: ["mail.example.com", "*.example.net"],
        maxAge: 604800,
        lines: ["version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: *.example.net", "max_age: 604800"],
      });
  });

  it("passes over fields that are not known, in any order, and blanks at the end of lines", () => {
    const text =
      "max_age:1 \nfuture.field-1: any thing: at all, ü\nmx:\tMail.Example.COM.\nmode: testing\t\nversion: STSv1\n\n";
    expect(parsed(text)).toMatchObject({ mode: "testing", mx: ["mail.example.com"], maxAge: 1 });
  });

  it("takes the first of fields that stand twice", () => {
    const twice = `${published}mode: none\nmax_age: 1\nversion: STSv2\n`;
    expect(parsed(twice)).toMatchObject({ mode: "enforce", maxAge: 604800 });
  });

  it("needs no mx where the mode is none, and takes a max_age of nothing and of the most", () => {
    expect(parsed("version: STSv1\nmode: none\nmax_age: 0\n")).toMatchObject({ mx: [], maxAge: 0 });
    expect(parsed(published.replace("604800", `${LONGEST_MAX_AGE}`)).maxAge).toBe(LONGEST_MAX_AGE);
  });

  it.each([
    ["", "the policy is invalid: version is missing"],
    ["<html>", 'line 1: "<html>" is no field: "name: value" expected'],
    [published.replace("STSv1", "STSv2"), 'line 1: version "STSv2": STSv1 expected'],
    [published.replace("version: STSv1\n", ""), "the policy is invalid: version is missing"],
    [published.replace("mode: enforce\n", ""), "the policy is invalid: mode is missing"],
    [published.replace("enforce", "Enforce"), 'line 2: mode "Enforce": enforce, testing or none expected'],
    [published.replace("mode: ", "mode : "), 'line 2: "mode : enforce" is no field: "name: value" expected'],
    [published.replace("max_age: 604800\n", ""), "the policy is invalid: max_age is missing"],
    [published.replace("604800", "-1"), 'line 5: max_age "-1": 0 to 31557600 seconds expected'],
    [published.replace("604800", "1e3"), 'line 5: max_age "1e3": 0 to 31557600 seconds expected'],
    [published.replace("604800", "31557601"), 'line 5: max_age "31557601": 0 to 31557600 seconds expected'],
    [published.replace("604800", "00000604800"), 'line 5: max_age "00000604800": 0 to 31557600 seconds expected'],
    [published.replace("*.example.net", "*"), 'line 4: mx "*": a host name, or "*." and one, expected'],
    [published.replace("*.example.net", "*.*.net"), 'line 4: mx "*.*.net": a host name, or "*." and one, expected'],
    [
      published.replace("*.example.net", "m*.example"),
      'line 4: mx "m*.example": a host name, or "*." and one, expected',
    ],
    [published.replace("*.example.net", "a..b"), 'line 4: mx "a..b": a host name, or "*." and one, expected'],
    [published.replace("*.example.net", ""), 'line 4: mx "": a host name, or "*." and one, expected'],
    [published.replace(/^mx.*\n/gm, ""), "the policy is invalid: mode is enforce, and mx is missing"],
    ["version: STSv1\nx: a\u0000b\n", "line 2: x holds a control character"],
    ["version: STSv1\rmode: enforce", "line 1: version holds a control character"],
    ["\ufeffversion: STSv1\n", 'line 1: "?version: STSv1" is no field: "name: value" expected'],
  ])("%j: %s", (text, reason) => expect(parseStsPolicy(text)).toMatchObject({ kind: "invalid", reason }));

  it("survives any text, and says where", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const outcome = parseStsPolicy(text);
        return outcome.kind === "policy" || outcome.reason.length < 300;
      }),
    );
  });
});

describe("mx", () => {
  const allows = (host: string): boolean => allowsHost(parsed(published), Name.parse(host));

  it.each(["mail.example.com", "MAIL.Example.com.", "mx1.example.net", "a.EXAMPLE.net"])("allows %s", (host) =>
    expect(allows(host)).toBe(true),
  );

  it.each([
    "example.com",
    "x.mail.example.com",
    "example.net",
    "foo.bar.example.net",
    "mxexample.net",
    "mail.example.com.evil.test",
    "*.example.net",
    "a\\.b.example.net",
    ".",
  ])("does not allow %s", (host) => expect(allows(host)).toBe(false));
});
