/** What the daemon and the commands may touch: streams, signals, the clock; so that tests run them without a process of their own. */
import type { CryptoEngine } from "../crypto/engine.ts";
import type { Clock, Timer } from "../env/env.ts";
import type { Resolver } from "../resolver/api.ts";
import type { ResolverOptions } from "../resolver/create.ts";

export interface DaemonIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Aborts on SIGINT and SIGTERM. */
  readonly stop: AbortSignal;
  readonly clock: Clock & Timer;
  readonly createResolver: (options: ResolverOptions) => Resolver;
  /** What `createResolver` would use, so that its work can be counted; where it is missing, it is not. */
  readonly engine?: CryptoEngine;
  /** Environment variables; none where it is missing. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` at each SIGHUP, until the function returned is called. */
  readonly onReload?: (listener: () => void) => () => void;
}
