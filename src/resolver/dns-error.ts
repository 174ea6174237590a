/** Failures in the words of node:dns: its codes, and the reason that it has no place for. */
import type { Answer } from "../dnssec/answer.ts";
import type { Failure } from "../dnssec/proof.ts";
import type { Verdict } from "../dnssec/verdict.ts";
import type { ExtendedError } from "../wire/edns.ts";

/** As in node:dns, which lists more; these are the ones that occur. */
export type DnsErrorCode =
  /** The name does not exist. */
  | "ENOTFOUND"
  /** The name exists, without records of this type. */
  | "ENODATA"
  /** Bogus, or nobody could tell. A mail server must wait, as it does for every SERVFAIL. */
  | "ESERVFAIL"
  /** Not found out within `totalTimeoutMs`. */
  | "ETIMEOUT"
  /** The signal was aborted or the resolver closed. */
  | "ECANCELLED"
  | "EBADNAME"
  /** What `reverse` was given is no address. */
  | "EINVAL";

export interface DnsErrorParts {
  /** What node:dns calls it: queryMx, getaddrinfo, getHostByAddr. */
  readonly syscall: string;
  readonly hostname: string;
  /** Null: nothing was asked. */
  readonly answer: Answer | null;
  /** Instead of the answer's own, a reason for the message. */
  readonly reason?: string;
}

export class DnsError extends Error {
  readonly code: DnsErrorCode;
  readonly syscall: string;
  readonly hostname: string;
  /** Extended DNS errors (RFC 8914): the code and a sentence. */
  readonly ede: readonly ExtendedError[];
  /** Of a denial too: "secure" means that the absence is proven. Null: nothing was asked. */
  readonly status: Verdict<unknown>["status"] | null;
  /** For bogus and indeterminate, what broke and where. */
  declare readonly cause?: Failure;

  constructor(code: DnsErrorCode, { syscall, hostname, answer, reason }: DnsErrorParts) {
    const failure = failureOf(answer);
    const why = reason ?? failure?.detail;
    super(
      `${syscall} ${code} ${hostname}${why === undefined ? "" : `: ${why}`}`,
      failure === undefined ? {} : { cause: failure },
    );
    this.code = code;
    this.syscall = syscall;
    this.hostname = hostname;
    this.ede = answer?.ede ?? [];
    this.status = answer?.verdict.status ?? null;
  }
}

/** The code for an answer that holds no records to give out; null if it holds some. */
export function codeOf({ verdict }: Answer): DnsErrorCode | null {
  switch (verdict.status) {
    case "secure":
    case "insecure":
      return absence[verdict.value.kind];
    case "bogus":
      return "ESERVFAIL";
    case "indeterminate":
      if (verdict.failure.code === "too late") return "ETIMEOUT";
      return verdict.failure.code === "aborted" ? "ECANCELLED" : "ESERVFAIL";
  }
}

const absence = { answer: null, "no data": "ENODATA", "name error": "ENOTFOUND" } as const;

function failureOf(answer: Answer | null): Failure | undefined {
  if (answer === null || "value" in answer.verdict) return undefined;
  return answer.verdict.failure;
}

/** A caller's mistake, with the code that Node gives it. */
export function argumentError(code: "ERR_INVALID_ARG_TYPE" | "ERR_INVALID_ARG_VALUE", message: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}
