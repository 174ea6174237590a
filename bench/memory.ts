/** How much memory does each take: at the start, and after 100,000 signed RRsets of some 170 octets were asked for once? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { questionsOnce } from "./flood.ts";
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, startPeer } from "./peers.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";
import { BIG_NAMES, bigName } from "./rig/zones.ts";

if (!insideNamespace()) process.exit(0);

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);

await withServers({ delayMs: 0 }, async ({ world, folder }) => {
  const versions = new Map<string, string>();
  const atStart: Samples = new Map();
  const growth: Samples = new Map();
  const rates: Samples = new Map();
  const names = Array.from({ length: BIG_NAMES }, (_, i) => bigName(i));
  const file = join(folder, "big");
  writeFileSync(file, names.map((name) => `${name} TXT\n`).join(""));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of chosenPeers()) {
      const own = join(folder, `${name.replaceAll(" ", "-")}-${round}`);
      // The caches of all hold them: rootwalk's own bound is 64 MiB unless told otherwise.
      const peer = await startPeer(name, { port: 5301, world, folder: own, args: ["--cache-octets", "268435456"] });
      if (peer === null) continue;
      versions.set(name, peer.version);
      await sleep(1000);
      const before = peer.residentMb();
      const said = await questionsOnce(peer.port, file, { atOnce: 50 });
      // dnsperf gives up what was lost on the way: asked again, all is known.
      await questionsOnce(peer.port, file, { atOnce: 20 });
      await sleep(3000);
      addSample(atStart, name, before);
      addSample(growth, name, peer.residentMb() - before);
      addSample(rates, name, said.perSecond);
      if (said.rcodes !== "NOERROR") console.log(`${name} said ${said.rcodes}`);
      await peer.stop();
    }
  }
  const figures: Figure[] = [
    figure("Memory at the start", "MB resident", "less", atStart),
    figure("Memory grown by 100,000 signed RRsets", "MB resident", "less", growth),
    figure("100,000 names of one signed zone, asked for once: questions", "a second", "more", rates),
  ];
  keepFigures("memory", figures, versions);
});
