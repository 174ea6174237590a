/** RFC 8460 §4.4 as a check: every field, no other, each of its form. */
import { tlsrptResults } from "../../src/dane/codes.ts";

type Check = (value: unknown, at: string) => readonly string[];

const text =
  (pattern: RegExp): Check =>
  (value, at) =>
    typeof value === "string" && pattern.test(value)
      ? []
      : [`${at}: ${JSON.stringify(value)} does not match ${pattern}`];
const count: Check = (value, at) => (Number.isSafeInteger(value) && (value as number) >= 0 ? [] : [`${at}: no count`]);
const list =
  (each: Check): Check =>
  (value, at) =>
    Array.isArray(value) ? value.flatMap((item, i) => each(item, `${at}[${i}]`)) : [`${at}: no list`];
const object =
  (required: Record<string, Check>, optional: Record<string, Check> = {}): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at}: no object`];
    const fields = value as Record<string, unknown>;
    const known = { ...required, ...optional };
    return [
      ...Object.keys(required).flatMap((name) => (name in fields ? [] : [`${at}: ${name} is missing`])),
      ...Object.entries(fields).flatMap(
        ([name, content]) => known[name]?.(content, `${at}.${name}`) ?? [`${at}: ${name}?`],
      ),
    ];
  };

const dateTime = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/); // RFC 3339
const address = text(/^(?:[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*)$/i);
const host = text(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/);
const some = text(/^.+$/s);

export const reportFaults: (value: unknown) => readonly string[] = (value) => report(value, "report");

const report = object({
  "organization-name": some,
  "date-range": object({ "start-datetime": dateTime, "end-datetime": dateTime }),
  "contact-info": text(/^[^@ ]+@[^@ ]+$/),
  "report-id": some,
  policies: list(
    object(
      {
        policy: object(
          { "policy-type": text(/^(?:tlsa|sts|no-policy-found)$/), "policy-domain": host },
          { "policy-string": list(some), "mx-host": list(some) },
        ),
        summary: object({ "total-successful-session-count": count, "total-failure-session-count": count }),
      },
      {
        "failure-details": list(
          object(
            {
              "result-type": text(new RegExp(`^(?:${Object.keys(tlsrptResults).join("|")})$`)),
              "failed-session-count": count,
            },
            {
              "sending-mta-ip": address,
              "receiving-mx-hostname": host,
              "receiving-mx-helo": some,
              "receiving-ip": address,
              "additional-information": text(/^\w+:/),
              "failure-reason-code": some,
            },
          ),
        ),
      },
    ),
  ),
});
