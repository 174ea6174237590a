/** Run by Bun: what its own cryptography refuses, and what engines there judge rightly. */
import { refusedAlgorithms } from "../../src/crypto/load.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { engineAtStart } from "../../src/crypto/startup.ts";
import { rightlyJudged } from "./engines.ts";

console.log(
  JSON.stringify({
    refused: refusedAlgorithms(),
    alone: rightlyJudged(nativeEngine()),
    atStart: rightlyJudged(await engineAtStart()),
  }),
);
