/** Answers as a resolver would give them, and a resolver that gives them: for the tests of the daemon and its commands. */
import type { AliasLink, Answer, AnswerData } from "../../src/dnssec/answer.ts";
import { type FailureCode, failure, type Proof } from "../../src/dnssec/proof.ts";
import { bogus, indeterminate, mintInsecure, mintSecure, type Verdict } from "../../src/dnssec/verdict.ts";
import type { Resolver, Unchecked } from "../../src/resolver/api.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import type { Question } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import type { Rrsig } from "../../src/wire/rdata.ts";
import { RCODE, TYPE, typeToText } from "../../src/wire/registry.ts";

export const NOW = 1_800_000_000;
export const LONG = NOW + 86400;

export function rrset(name: string, type: number, ttl: number, ...data: (readonly number[])[]): RRset {
  const owner = Name.parse(name);
  const [first, ...rest] = data.map((octets) => Uint8Array.from(octets));
  if (first === undefined) throw new TypeError("an RRset has data");
  return { name: owner, type, ttl, data: [first, ...rest], signatures: [] };
}

export function signed(set: RRset, signer = "example."): RRset {
  return { ...set, signatures: [rrsig(set, signer)] };
}

function rrsig(set: RRset, signer: string): Rrsig {
  return {
    typeCovered: set.type,
    algorithm: 13,
    labels: set.name.labelCount,
    originalTtl: set.ttl,
    expiration: LONG,
    inception: NOW - 3600,
    keyTag: 4711,
    signer: Name.parse(signer),
    signature: new Uint8Array(64).fill(0xab),
  };
}

export function a(name: string, last: number, ttl = 300): RRset {
  return rrset(name, TYPE.A, ttl, [192, 0, 2, last]);
}

export function cname(name: string, target: string, ttl = 300): RRset {
  return rrset(name, TYPE.CNAME, ttl, [...Name.parse(target).wire]);
}

export function dname(name: string, target: string, ttl = 300): RRset {
  return rrset(name, TYPE.DNAME, ttl, [...Name.parse(target).wire]);
}

export function txt(name: string, octets: number, ttl = 300): RRset {
  return rrset(name, TYPE.TXT, ttl, [octets, ...new Array<number>(octets).fill(0x61)]);
}

export function soa(zone: string, ttl = 300): RRset {
  return rrset(zone, TYPE.SOA, ttl, [
    ...Name.parse("ns.example.").wire,
    ...Name.parse("root.example.").wire,
    ...new Array<number>(20).fill(0),
  ]);
}

/** An NSEC whose bitmap lists these types, all below 256. */
export function nsec(name: string, next: string, types: readonly number[], ttl = 300): RRset {
  const bitmap = new Uint8Array(Math.floor(Math.max(...types) / 8) + 1);
  for (const type of types) bitmap[type >>> 3]! |= 0x80 >>> (type & 7);
  return rrset(name, TYPE.NSEC, ttl, [...Name.parse(next).wire, 0, bitmap.length, ...bitmap]);
}

export const proof: Proof = { parts: [], validUntil: LONG };

export function secure<T>(value: T, validUntil = LONG): Verdict<T> {
  return mintSecure(value, { parts: [], validUntil });
}

export function insecure<T>(value: T): Verdict<T> {
  return mintInsecure(value, { kind: "no trust anchor", cut: Name.parse("unsigned.") });
}

export function broken(
  status: "bogus" | "indeterminate",
  code: FailureCode,
  at: string,
  detail: string,
): Verdict<never> {
  const why = failure(code, Name.parse(at), detail);
  return status === "bogus" ? bogus(why) : indeterminate(why);
}

export function question(name: string, type: number): Question {
  return { name: Name.parse(name), type, class: 1 };
}

export function data(name: string, rrsets: readonly RRset[], authority: readonly RRset[] = []): AnswerData {
  return { kind: "answer", name: Name.parse(name), rrsets, authority, rcode: RCODE.NOERROR };
}

export function denial(kind: "no data" | "name error", name: string, authority: readonly RRset[]): AnswerData {
  const rcode = kind === "no data" ? RCODE.NOERROR : RCODE.NXDOMAIN;
  return { kind, name: Name.parse(name), rrsets: [], authority, rcode };
}

export interface AnswerShape {
  readonly aliases?: readonly AliasLink[];
  readonly ede?: Answer["ede"];
  readonly ttl?: number;
  readonly rcode?: number;
}

export function answer(asked: Question, verdict: Verdict<AnswerData>, shape: AnswerShape = {}): Answer {
  const aliases = shape.aliases ?? [];
  const failed = verdict.status === "bogus" || verdict.status === "indeterminate";
  return {
    question: asked,
    authenticated: verdict.status === "secure" && aliases.every((link) => link.verdict.status === "secure"),
    verdict,
    aliases,
    rcode: shape.rcode ?? (failed ? RCODE.SERVFAIL : verdict.value.rcode),
    ede: shape.ede ?? (failed ? [{ code: verdict.failure.ede, text: verdict.failure.detail }] : []),
    ttl: shape.ttl ?? 300,
    validUntil: verdict.status === "secure" ? verdict.proof.validUntil : null,
  };
}

export interface FakeResolver extends Resolver {
  /** What was asked of the network: "resolve www.example. A", "unchecked …". */
  readonly asked: string[];
  /** How many lookups wait to be let go. */
  hold(): void;
  release(): void;
}

export interface FakeWorld {
  /** Known at once. */
  readonly cached?: readonly Answer[];
  /** Must be looked up. */
  readonly answers?: readonly Answer[];
  readonly unchecked?: readonly Unchecked[];
}

/** What is not in the world is indeterminate: nobody answered. */
export function fakeResolver(world: FakeWorld = {}): FakeResolver {
  const key = (name: Name, type: number) => `${name.lowerCased()} ${typeToText(type)}`;
  const keyOf = (item: { readonly question: Question }) => key(item.question.name, item.question.type);
  const cached = new Map((world.cached ?? []).map((item) => [keyOf(item), item]));
  const answers = new Map((world.answers ?? []).map((item) => [keyOf(item), item]));
  const unchecked = new Map((world.unchecked ?? []).map((item) => [keyOf(item), item]));
  const asked: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  let openGate = () => {};
  const close = () => Promise.resolve();
  return {
    asked,
    hold() {
      gate = new Promise((resolve) => {
        openGate = resolve;
      });
    },
    release: () => openGate(),
    cached: (asks) => cached.get(key(asks.name, asks.type)),
    async resolve(name, type) {
      const asks = question(String(name), Number(type));
      asked.push(`resolve ${key(asks.name, asks.type)}`);
      await gate;
      const detail = `no server of ${asks.name} answered`;
      return (
        answers.get(key(asks.name, asks.type)) ??
        answer(asks, broken("indeterminate", "no reachable authority", String(name), detail))
      );
    },
    async resolveUnchecked(name, type) {
      const asks = question(String(name), Number(type));
      asked.push(`unchecked ${key(asks.name, asks.type)}`);
      await gate;
      return (
        unchecked.get(key(asks.name, asks.type)) ?? {
          question: asks,
          rcode: RCODE.SERVFAIL,
          answer: [],
          authority: [],
          ede: [],
        }
      );
    },
    prime: () => Promise.resolve(),
    memory: {
      inspect: () => [],
      flush: () => 0,
      sizes: () => ({ answers: 0, answerOctets: 0, delegations: 0, zones: 0, failures: 0 }),
      trustAnchors: () => [],
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
