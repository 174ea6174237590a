/** The table of codes as others rely on it: programs match on codes, collectors on numbers, postmasters on status codes. */
import { expect, it } from "vitest";
import { codes, retold, tlsrptResults, told } from "../../src/dane/codes.ts";

it("gives result types the numbers of libtlsrpt and the names of RFC 8460 §4.3", () => {
  expect(tlsrptResults).toEqual({
    "starttls-not-supported": 201,
    "certificate-host-mismatch": 202,
    "certificate-not-trusted": 203,
    "certificate-expired": 204,
    "validation-failure": 205,
    "sts-policy-fetch-error": 301,
    "sts-policy-invalid": 302,
    "sts-webpki-invalid": 303,
    "tlsa-invalid": 304,
    "dnssec-invalid": 305,
    "dane-required": 306,
  });
});

it.each([
  // what Exchange Online prints for the same (its how-smtp-dane-works page): 321 to 325
  ["starttls missing", "tlsa", "starttls-not-supported", "4.7.4", "4.7.321"],
  ["certificate expired", "tlsa", "certificate-expired", "4.7.5", "4.7.322"],
  ["no record matches", "tlsa", "validation-failure", "4.7.5", "4.7.323"],
  ["required but unusable", "tlsa", "tlsa-invalid", "4.7.5", "4.7.323"],
  ["tlsa failed", "tlsa", "dnssec-invalid", "4.7.5", "4.7.324"],
  ["address bogus", "tlsa", "dnssec-invalid", "4.4.3", "4.7.324"],
  ["mx bogus", "tlsa", "dnssec-invalid", "4.4.3", "4.7.324"],
  ["name mismatch", "tlsa", "certificate-host-mismatch", "4.7.5", "4.7.325"],
  ["dane required", "tlsa", "dane-required", "4.7.5", null],
  ["tlsa unusable", "tlsa", "tlsa-invalid", null, null],
  ["tlsa absent", "no-policy-found", null, null, null],
  ["mx failed", "no-policy-found", null, "4.4.3", null],
  ["null mx", "no-policy-found", null, "5.1.10", null],
  ["no such domain", "no-policy-found", null, "5.1.2", null],
  ["no address", "no-policy-found", null, "5.4.4", null],
  ["sts mx not listed", "sts", "validation-failure", "4.7.5", null],
  ["sts starttls missing", "sts", "starttls-not-supported", "4.7.4", null],
  ["sts policy not fetched", "sts", "sts-policy-fetch-error", null, null],
  ["dane suspended", "tlsa", null, null, null],
] as const)("%s", (code, tlsrptPolicy, tlsrpt, status, exchange) => {
  expect(told(code, "why")).toEqual({ code, reason: "why", tlsrptPolicy, tlsrpt, status, exchange });
  expect(retold(told(code, "why"))).toEqual(told(code, "why"));
});

it("gives every code that stops mail a status code, and Exchange's numbers to DANE alone", () => {
  for (const { policy, status, exchange } of Object.values(codes)) {
    if (status !== null) expect(status).toMatch(/^[45]\.\d\.\d{1,2}$/);
    if (exchange !== null) {
      expect(policy).toBe("tlsa");
      expect(exchange).toMatch(/^4\.7\.32[1-5]$/);
    }
  }
});
