/** An AbortController whose signal many may listen to: one question fans out, and Node warns at the eleventh listener. */
import { setMaxListeners } from "node:events";

export function manyListeners(): AbortController {
  const controller = new AbortController();
  expectMany(controller.signal);
  return controller;
}

/** A caller's one signal for twenty questions is no leak: what listens leaves with each answer. */
export function expectMany(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/**
 * The reason to abort with. Without one Node makes a DOMException with a stack trace each time: a tenth of what a cold
 * answer costs besides its signatures (measured 2026-11, Node 20). Nobody reads it.
 */
export const OVER = "no longer needed";
