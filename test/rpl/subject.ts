/** What is under test: the product's resolver and responder, on a scenario's world. Only the runner's own tests use another. */

import { nativeEngine } from "../../src/crypto/native.ts";
import type { Env } from "../../src/env/env.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { type AnchorStore, createResolver } from "../../src/resolver/resolver.ts";
import { createAccess } from "../../src/server/access.ts";
import { type Client, createResponder, type ServerEvent } from "../../src/server/responder.ts";
import type { ScriptClock } from "./clock.ts";
import type { Environment } from "./environment.ts";
import { unsafeExtraAlgorithms, unsafeTestEngine } from "./unsafe-algorithms.ts";
import type { World } from "./world.ts";

/** "test": what the field has retired is really verified. "production": the product's own table, for keys of any size. */
export type Algorithms = "test" | "production";

export interface Subject {
  respond(request: Uint8Array, from: Client): Uint8Array | null | Promise<Uint8Array | null>;
  /** Mistakes of the program itself: exceptions that a client sees as SERVFAIL. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

export interface SubjectParts {
  readonly environment: Environment;
  readonly world: World;
  readonly clock: ScriptClock;
  readonly algorithms: Algorithms;
  readonly minimise: boolean;
  readonly emit: (event: ResolutionEvent) => void;
  /** Null: trust anchors stay as they are configured. */
  readonly anchorStore: AnchorStore | null;
}

export type MakeSubject = (parts: SubjectParts) => Subject;

/** The world's keys are short; their length is not what the scenarios are about. */
const RSA_MIN_BITS = 512;

export const productSubject: MakeSubject = (parts) => {
  const { environment, world, clock, algorithms, minimise, emit, anchorStore } = parts;
  const { hints, forwards, stubs, anchors, negativeAnchors, settings, privateAddresses, privateDomains } = environment;
  const env: Env = { clock, random: seededRandom(1), exchange: world.exchange, emit };
  const table =
    algorithms === "test"
      ? { engine: unsafeTestEngine(), unsafeExtraAlgorithms, sha1: true }
      : { engine: nativeEngine({ rsaMinBits: RSA_MIN_BITS }), unsafeExtraAlgorithms: [], sha1: false };
  const resolver = createResolver({
    env,
    engine: table.engine,
    hints,
    forwards,
    stubs,
    anchors,
    negativeAnchors,
    privateAddresses,
    privateDomains,
    ...(anchorStore === null ? {} : { managedAnchors: { store: anchorStore } }),
    settings: { ...settings, sha1: table.sha1, ...(minimise ? {} : { minimiseSteps: 0 }) },
    unsafeExtraAlgorithms: table.unsafeExtraAlgorithms,
  });
  const faults: string[] = [];
  const { respond } = createResponder({
    resolver,
    clock,
    access: createAccess({ rules: environment.rules }),
    mayPeek: environment.snoopers,
    nsid: environment.nsid,
    cookies: environment.cookies,
    emit(event: ServerEvent) {
      if (event.kind === "fault")
        faults.push(event.error instanceof Error ? (event.error.stack ?? event.error.message) : String(event.error));
    },
  });
  // As the daemon does; otherwise nothing is asked before the first question.
  if (anchorStore !== null) void resolver.prime();
  return { respond, faults, close: () => resolver.close() };
};
