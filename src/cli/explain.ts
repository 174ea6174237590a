/** `rootwalk explain NAME [TYPE]`: the chain of trust as a tree, as JSON, or as a drawing. */
import { writeFileSync } from "node:fs";
import type { ResolutionEvent } from "../env/events.ts";
import { pictureOf } from "../picture/build.ts";
import { treeOf } from "../picture/tree.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import type { Given } from "./options.ts";
import { EXIT_BOGUS, EXIT_INSECURE, EXIT_NO_ANSWER, exitCodeOf, questionFrom } from "./query.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

export const explainCommand: Command = {
  name: "explain",
  summary: "draw the chain of trust of a name: zones, keys, signatures, denials, and where it breaks",
  usage: "[options] NAME [TYPE]",
  about: [
    "Resolves like query, and shows what the verdict rests on, from the trust anchor down: each zone with its keys, the DS records that lead from zone to zone, the signatures with the time until which they hold, the records that prove that something is not there, aliases link by link. Where the chain breaks, the link is marked with the reason, and with the name that DNSViz has for it.",
    "Data of a bogus answer is never shown. What failed is named by owner, type, key tags and dates.",
  ],
  options: {
    reverse: { value: "ADDR", short: "x", why: "the name that belongs to an address" },
    svg: {
      value: "FILE",
      why: "write a drawing to this file, for any browser, light and dark; - is stdout, and then no tree",
    },
    json: { value: null, why: "the same graph as one JSON object: zones, nodes, edges, and the reason" },
    timeout: { value: "SECONDS", why: "give up after this time; the default is 8 seconds" },
    ...resolverRows,
  },
  examples: [
    {
      line: "rootwalk explain _25._tcp.mx.example.com TLSA",
      says: "what the TLSA record rests on, or why there is none",
    },
    { line: "rootwalk explain example.com MX --svg chain.svg", says: "the same as a drawing, beside the tree" },
    {
      line: "rootwalk explain --json example.com | jq '.nodes[] | select(.state == \"bogus\")'",
      says: "only what is broken",
    },
  ],
  exitCodes: [
    [0, "secure: the data, or a proof that there is none"],
    [1, "an error that should not happen, or the drawing could not be written"],
    [2, "the command line, the hints or the trust anchors are wrong"],
    [EXIT_INSECURE, "insecure: data or denial without signatures, proven to be so"],
    [EXIT_BOGUS, "bogus: validation failed"],
    [EXIT_NO_ANSWER, "indeterminate: no answer, or a limit was reached"],
  ],
  run: explain,
};

async function explain(given: Given, io: Io): Promise<number> {
  const { name, type } = questionFrom(given, "explain");
  const timeout = given.number("timeout", { min: 0.5, max: 60 });
  const file = given.text("svg");
  if (file === "") throw new UsageError("--svg needs a file's name, or - for stdout");
  const events: ResolutionEvent[] = [];
  const resolver = resolverFrom(given, io, {
    ...(timeout === undefined ? {} : { settings: { totalTimeoutMs: Math.round(timeout * 1000) } }),
  });
  try {
    const answer = await resolver.resolve(name, type, { signal: io.stop, onEvent: (event) => events.push(event) });
    const picture = pictureOf(answer, events);
    if (file !== undefined) {
      // Laying out is loaded only by those who draw.
      const { svgOf } = await import("../picture/svg.ts");
      if (file === "-") io.stdout(svgOf(picture));
      else write(file, svgOf(picture));
    }
    if (file !== "-") io.stdout(given.on("json") ? `${JSON.stringify(picture, null, 2)}\n` : treeOf(picture));
    return exitCodeOf(answer);
  } finally {
    await resolver.close();
  }
}

function write(file: string, svg: string): void {
  try {
    writeFileSync(file, svg);
  } catch (error) {
    throw new Error(`the drawing cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
