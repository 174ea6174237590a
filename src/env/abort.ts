/** An AbortController whose signal many may listen to: one question fans out, and Node warns at the eleventh listener. */
import { setMaxListeners } from "node:events";

export function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
