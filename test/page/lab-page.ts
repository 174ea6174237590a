/** The page in front of a resolver on the lab's Internet, as the daemon would serve it. */
import { systemClock } from "../../src/env/system.ts";
import { askFor } from "../../src/page/asking.ts";
import { createFold } from "../../src/page/fold.ts";
import { type Page, type PageOptions, servePage } from "../../src/page/server.ts";
import type { StatusSource } from "../../src/page/status.ts";
import { labResolver } from "../server/lab.ts";

export interface LabPage extends Page {
  readonly source: StatusSource;
}

export async function labPage(options: Partial<PageOptions> = {}): Promise<LabPage> {
  const fold = createFold(systemClock);
  const resolver = labResolver({ onEvent: fold.hear });
  const since = systemClock.unixSeconds();
  const source: StatusSource = {
    status: () =>
      Promise.resolve({
        version: "rootwalk of the lab",
        now: systemClock.unixSeconds(),
        since,
        workers: 1,
        listening: ["127.0.0.1:5300"],
        counts: fold.counts(),
        memory: { residentOctets: process.memoryUsage.rss(), cachedAnswers: null },
      }),
    ask: (name, type, signal) =>
      askFor(
        { name, type },
        {
          resolver: {
            resolve: async (of, what, more) => {
              const startMs = systemClock.monotonicMs();
              const answer = await resolver.resolve(of, what, more);
              fold.answered(answer, { ms: systemClock.monotonicMs() - startMs, fromCache: false });
              return answer;
            },
          },
          clock: systemClock,
          signal,
        },
      ),
  };
  const page = await servePage({
    source,
    timer: systemClock,
    address: "127.0.0.1",
    port: 0,
    reach: "this machine",
    ...options,
  });
  const close = async (): Promise<void> => {
    await page.close();
    await resolver.close();
  };
  return { source, url: page.url, close };
}
