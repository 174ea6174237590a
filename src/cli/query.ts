/** `rootwalk query NAME [TYPE]`: walk from the root, prove, and say in words what was found. */
import { tracer } from "../daemon/trace.ts";
import type { Answer } from "../dnssec/answer.ts";
import { reverseName } from "../resolver/reverse.ts";
import type { Name } from "../wire/name.ts";
import { isMetaType, type RRType, TYPE, typeFromText } from "../wire/registry.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import { answerJson } from "./json.ts";
import { nameFrom } from "./names.ts";
import type { Given } from "./options.ts";
import { report } from "./report.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

export const EXIT_INSECURE = 3;
export const EXIT_BOGUS = 4;
export const EXIT_NO_ANSWER = 5;

export const queryCommand: Command = {
  name: "query",
  summary: "resolve a name from the root, prove the answer, and say how",
  usage: "[options] NAME [TYPE]",
  about: [
    "Walks from the root servers to the name, checks every signature from the trust anchor down, and prints the records with their status: secure (proven), insecure (proven not to be signed), bogus (validation failed), or indeterminate (it could not be found out). TYPE is A unless given: MX, TLSA, AAAA, TXT, any mnemonic, or TYPE65280.",
    "Names may be written as people read them (exämple.de becomes xn--exmple-cua.de).",
  ],
  options: {
    reverse: {
      value: "ADDR",
      short: "x",
      why: "the name that belongs to an address: asks PTR in in-addr.arpa or ip6.arpa",
    },
    json: { value: null, why: "one JSON object instead of text; its fields stay as they are from version to version" },
    trace: { value: null, why: "print each step of the walk, and what it proved, as it happens (on stderr)" },
    dnssec: { value: null, why: "show RRSIG records, and the NSEC or NSEC3 records of a denial" },
    timeout: { value: "SECONDS", why: "give up after this time; the default is 8 seconds" },
    ...resolverRows,
  },
  examples: [
    { line: "rootwalk query example.com MX", says: "the mail servers of example.com, and whether that is proven" },
    {
      line: "rootwalk query --trace _25._tcp.mx.example.com TLSA",
      says: "what DANE needs, with every step of the walk",
    },
    { line: "rootwalk query --json example.com | jq -r .status", says: "for scripts; the exit code says it too" },
    { line: "rootwalk query -x 192.0.2.1", says: "the PTR record of an address" },
  ],
  exitCodes: [
    [0, "secure: the data, or a proof that there is none"],
    [1, "an error that should not happen"],
    [2, "the command line, the hints or the trust anchors are wrong"],
    [EXIT_INSECURE, "insecure: data or denial without signatures, proven to be so"],
    [EXIT_BOGUS, "bogus: validation failed"],
    [EXIT_NO_ANSWER, "indeterminate: no answer, or a limit was reached"],
  ],
  run: query,
};

async function query(given: Given, io: Io): Promise<number> {
  const { name, type } = questionFrom(given);
  const timeout = given.number("timeout", { min: 0.5, max: 60 });
  const trace = given.on("trace") ? tracer(io.clock, io.stderr) : null;
  let answered = false;
  const resolver = resolverFrom(given, io, {
    // What is still under way when the answer is there is no part of its story.
    ...(trace === null ? {} : { onEvent: (event) => answered || trace(event) }),
    ...(timeout === undefined ? {} : { settings: { totalTimeoutMs: Math.round(timeout * 1000) } }),
  });
  const startMs = io.clock.monotonicMs();
  try {
    const answer = await resolver.resolve(name, type, { signal: io.stop });
    answered = true;
    const options = { elapsedMs: io.clock.monotonicMs() - startMs, dnssec: given.on("dnssec") };
    io.stdout(given.on("json") ? `${JSON.stringify(answerJson(answer, options), null, 2)}\n` : report(answer, options));
    return exitCodeOf(answer);
  } finally {
    await resolver.close();
  }
}

export function exitCodeOf(answer: Answer): number {
  switch (answer.verdict.status) {
    case "secure":
      return 0;
    case "insecure":
      return EXIT_INSECURE;
    case "bogus":
      return EXIT_BOGUS;
    case "indeterminate":
      return EXIT_NO_ANSWER;
  }
}

/** NAME and TYPE as the user wrote them; UsageError with the command's name. */
export function questionFrom(given: Given, command = "query"): { readonly name: Name; readonly type: RRType } {
  const address = given.text("reverse");
  const [nameText, typeText, ...more] = address === undefined ? given.operands : ["", ...given.operands];
  if (nameText === undefined) throw new UsageError(`${command} needs a name: rootwalk ${command} example.com MX`);
  if (more.length > 0) throw new UsageError(`${command} takes a name and a type, and "${more[0]}" stands behind them`);
  const type = typeText === undefined ? null : typeFrom(typeText);
  if (address !== undefined) return { name: addressName(address), type: type ?? TYPE.PTR };
  return { name: nameFrom(nameText), type: type ?? TYPE.A };
}

function addressName(address: string): Name {
  const name = reverseName(address);
  if (name === null) throw new UsageError(`"${address}" is no IPv4 or IPv6 address`);
  return name;
}

function typeFrom(text: string): RRType {
  const type = typeFromText(text);
  if (type === null) throw new UsageError(`"${text}" is no record type: A, MX, TLSA… or TYPE65280`);
  if ((isMetaType(type) && type !== TYPE.ANY) || type === 65535) {
    throw new UsageError(`${text} is no type that a name can have`);
  }
  return type;
}
