/** A domain with an MTA-STS record and a web server on paper, in virtual time. */
import type { Answer, AnswerData } from "../../src/dnssec/answer.ts";
import type { Failure } from "../../src/dnssec/proof.ts";
import { indeterminate, mintInsecure } from "../../src/dnssec/verdict.ts";
import { seededRandom, type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createSts, type Sts, type StsOptions } from "../../src/mail/sts.ts";
import type { FetchedPolicy } from "../../src/mail/sts-fetch.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";

export const DAY = 86_400;

export interface StsLab {
  readonly clock: VirtualClock;
  readonly sts: Sts;
  /** What `_mta-sts.D` has: texts, or "lost" where DNS does not answer. */
  txt: readonly string[] | "lost";
  /** What the web server has, and how long it takes. */
  web: FetchedPolicy | "hangs";
  readonly fetches: string[];
  readonly alerts: string[];
  /** Another one, with the same world: as after a restart. */
  again(options?: Partial<StsOptions>): Sts;
}

export function policyText(mode: string, { mx = ["mx.ta.lab"], maxAge = 7 * DAY } = {}): FetchedPolicy {
  const hosts = mx.map((host) => `mx: ${host}\n`).join("");
  return { kind: "text", text: `version: STSv1\nmode: ${mode}\n${hosts}max_age: ${maxAge}\n` };
}

export function stsLab(options: Partial<StsOptions> = {}): StsLab {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const lab = {
    clock,
    txt: ["v=STSv1; id=1"] as StsLab["txt"],
    web: policyText("enforce") as StsLab["web"],
    fetches: [] as string[],
    alerts: [] as string[],
    again: (more: Partial<StsOptions> = {}) =>
      createSts({
        resolver: { resolve: async (name) => answer(typeof name === "string" ? Name.parse(name) : name, lab.txt) },
        fetch: async (domain, signal) => {
          lab.fetches.push(domain);
          const { web } = lab;
          if (web === "hangs") return new Promise(() => {});
          await clock.sleep(10, signal);
          return web;
        },
        clock,
        random: seededRandom(1),
        alert: (domain, problem) => lab.alerts.push(`${domain}: ${problem}`),
        ...options,
        ...more,
      }),
  };
  return Object.assign(lab, { sts: lab.again() });
}

/** Insecure, as most domains are: what it says counts all the same. */
function answer(name: Name, txt: StsLab["txt"]): Answer {
  const base = { question: { name, type: TYPE.TXT, class: CLASS.IN }, authenticated: false, aliases: [], ede: [] };
  if (txt === "lost") {
    const verdict = indeterminate({ code: "no answer", detail: "no server of ta.lab. answers" } as unknown as Failure);
    return { ...base, verdict, rcode: RCODE.SERVFAIL, ttl: 0, validUntil: null };
  }
  const data = txt.map((text) => Uint8Array.from([text.length, ...Buffer.from(text)]));
  const [first, ...others] = data;
  const value: AnswerData = {
    kind: first === undefined ? "no data" : "answer",
    name,
    rrsets: first === undefined ? [] : [{ name, type: TYPE.TXT, ttl: 60, data: [first, ...others], signatures: [] }],
    authority: [],
    rcode: RCODE.NOERROR,
  };
  const verdict = mintInsecure(value, { kind: "unsupported anchor", cut: Name.root });
  return { ...base, verdict, rcode: RCODE.NOERROR, ttl: 60, validUntil: null };
}
