/**
 * Another correct proof may need fewer denial records than a scenario lists. Whether those we gave are enough is for a
 * validator to say that sees nothing else: a resolver that forwards everything to the one under test and judges for
 * itself. FORMAT.md §5.2 rule 5: "or, for wildcard and opt-out proofs, the actual answer must validate".
 */
import { nativeEngine } from "../../src/crypto/native.ts";
import type { Ask, ExchangeResult } from "../../src/env/env.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { createResolver } from "../../src/resolver/resolver.ts";
import { decodeMessage, type Question } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { buildMessage } from "./build.ts";
import type { ScriptClock } from "./clock.ts";
import type { Environment } from "./environment.ts";
import type { Algorithms, Subject } from "./subject.ts";
import { unsafeExtraAlgorithms, unsafeTestEngine } from "./unsafe-algorithms.ts";

export interface SecondOpinionParts {
  readonly environment: Environment;
  readonly clock: ScriptClock;
  readonly algorithms: Algorithms;
  readonly subject: Subject;
}

const SUBJECT = { address: "192.0.2.53", port: 53 };

/** Null: whoever validates what we answered comes to the same. Otherwise a sentence. */
export async function secondOpinion(
  question: Question,
  authenticated: boolean,
  parts: SecondOpinionParts,
): Promise<string | null> {
  const { environment, clock, algorithms } = parts;
  const test = algorithms === "test";
  const resolver = createResolver({
    env: { clock, random: seededRandom(2), exchange: (ask) => askSubject(ask, parts.subject), emit: () => {} },
    engine: test ? unsafeTestEngine() : nativeEngine({ rsaMinBits: 512 }),
    hints: environment.hints,
    anchors: environment.anchors,
    negativeAnchors: environment.negativeAnchors,
    forwards: [{ zone: Name.root, servers: [SUBJECT] }],
    settings: { ...environment.settings, sha1: test, queryPrivate: true },
    unsafeExtraAlgorithms: test ? unsafeExtraAlgorithms : [],
  });
  try {
    const { verdict, authenticated: secure } = await resolver.resolve(question.name, question.type);
    // Without AD nothing is claimed: if the world has no DS to ask for, a client cannot know, but nothing is forged.
    if (verdict.status === "indeterminate" && !authenticated) return null;
    if (verdict.status === "bogus" || verdict.status === "indeterminate")
      return `a validating client finds our answer ${verdict.status}: ${verdict.failure.detail}`;
    return secure === authenticated
      ? null
      : `a validating client finds our answer ${verdict.status}, and AD is ${authenticated ? "set" : "clear"}`;
  } finally {
    await resolver.close();
  }
}

async function askSubject(ask: Ask, subject: Subject): Promise<ExchangeResult> {
  const request = buildMessage({
    id: 1,
    opcode: 0,
    rcode: 0,
    flags: new Set(ask.cd ? ["RD", "CD"] : ["RD"]),
    question: [ask.question],
    answer: [],
    authority: [],
    additional: [],
    edns: { dnssecOk: true, compactOk: false, options: new Uint8Array(), udpSize: 1232 },
  });
  const octets = await subject.respond(request, { address: "127.0.0.1", port: 53001, transport: "tcp" });
  if (octets === null) return { kind: "timeout", discarded: 0 };
  return { kind: "reply", message: decodeMessage(octets), octets: octets.length, rttMs: 0 };
}
