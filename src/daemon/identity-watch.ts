/** Takes up a certificate that was renewed, from the files that the configuration names now and from no others. */
import type { Clock } from "../env/env.ts";
import {
  IdentityError,
  type IdentityFiles,
  readIdentity,
  type TlsIdentity,
  watchIdentity,
} from "../server/identity.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Log } from "./log.ts";

const EVERY_MS = 60_000;

export interface IdentityWatchParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly use: (identity: TlsIdentity) => void;
}

export class IdentityWatch {
  readonly #parts: IdentityWatchParts;
  #files: IdentityFiles | null = null;
  #over = new AbortController();

  constructor(parts: IdentityWatchParts) {
    this.#parts = parts;
  }

  /** Null: none are looked after. Keeps the old certificate where the new one cannot be used. */
  follow(files: IdentityFiles | null): void {
    if (fingerprint(files) === fingerprint(this.#files)) return;
    this.#over.abort();
    this.#over = new AbortController();
    this.#files = files;
    if (files === null) return;
    const { clock, log, use } = this.#parts;
    const changed = (): void => {
      try {
        use(readIdentity(files));
        log.info(`a new certificate from ${files.certificate} is used`);
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
        log.error(`still using the old certificate: ${error.message}`);
      }
    };
    void watchIdentity(files, { clock, everyMs: EVERY_MS, signal: this.#over.signal, changed });
  }

  stop(): void {
    this.#over.abort();
  }
}
