/** Whether a message fared as its row says. */
import type { Outcome } from "./mail.ts";
import type { Received } from "./mail-server.ts";
import type { Expectation } from "./rows.ts";

export interface Evidence {
  /** What the lab's mail servers received for this recipient. */
  readonly received: readonly Received[];
  /** Somebody asked for TLSA RRs where nobody should. */
  readonly tlsaAsked: boolean;
}

/** One sentence per fault; none if all is as expected. */
export function faultsIn(expected: Expectation, outcome: Outcome | undefined, evidence: Evidence): readonly string[] {
  if (outcome === undefined || outcome.status === "unknown") return ["nothing became of the message in time"];
  const log = outcome.lines.join("\n");
  return [
    ...(outcome.status === expected.status ? [] : [`${outcome.status} instead of ${expected.status}`]),
    ...expected.logs.filter((pattern) => !pattern.test(log)).map((pattern) => `not logged: ${pattern}`),
    ...expected.never.filter((pattern) => pattern.test(log)).map((pattern) => `logged: ${pattern}`),
    ...receptionFaults(expected, evidence.received),
    ...(evidence.tlsaAsked ? ["a TLSA question was asked below an address that is not proven"] : []),
  ];
}

function receptionFaults(expected: Expectation, received: readonly Received[]): readonly string[] {
  if (expected.status === "deferred") return received.map(({ server }) => `${server} received the message`);
  const [mail, ...more] = received;
  if (mail === undefined) return ["no mail server received the message"];
  return [
    ...(more.length === 0 ? [] : [`it was received ${received.length} times`]),
    ...(mail.server === expected.to ? [] : [`${mail.server} received it instead of ${expected.to}`]),
    ...(mail.encrypted ? [] : ["it came unencrypted"]),
    ...(expected.indicated === undefined || mail.indicated === expected.indicated
      ? []
      : [`the server name indicated was ${mail.indicated} instead of ${expected.indicated}`]),
  ];
}
