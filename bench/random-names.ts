/**
 * Names that do not exist, each asked for once, 100,000 of them under a zone with NSEC and under one with NSEC3: how fast is
 * each denied, and does memory grow?
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { questionsOnce } from "./flood.ts";
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, startPeer } from "./peers.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";
import { NSEC_ZONE, NSEC3_ZONE } from "./rig/zones.ts";

if (!insideNamespace()) process.exit(0);

const NAMES = 100_000;
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);

await withServers({ delayMs: 0 }, async ({ world, folder }) => {
  const versions = new Map<string, string>();
  const figures: Figure[] = [];
  for (const [kind, zone] of [
    ["NSEC", NSEC_ZONE],
    ["NSEC3", NSEC3_ZONE],
  ] as const) {
    const rates: Samples = new Map();
    const growth: Samples = new Map();
    const processor: Samples = new Map();
    const file = join(folder, kind);
    writeFileSync(file, Array.from({ length: NAMES }, (_, i) => `r${(i * 7919) % 1_000_003}x.${zone} A\n`).join(""));
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of chosenPeers()) {
        const peer = await startPeer(name, {
          port: 5301,
          world,
          folder: join(folder, `${name.replaceAll(" ", "-")}-${kind}-${round}`),
        });
        if (peer === null) continue;
        versions.set(name, peer.version);
        const before = { mb: peer.residentMb(), seconds: peer.processorSeconds() };
        const said = await questionsOnce(peer.port, file, { atOnce: 50 });
        addSample(rates, name, said.perSecond / 1000);
        addSample(processor, name, (1e6 * (peer.processorSeconds() - before.seconds)) / NAMES);
        addSample(growth, name, peer.residentMb() - before.mb);
        if (said.rcodes !== "NXDOMAIN") console.log(`${name} said ${said.rcodes}`);
        await peer.stop();
      }
    }
    figures.push(figure(`Random names under ${kind}: denied`, "thousand a second", "more", rates));
    figures.push(figure(`Random names under ${kind}: processor`, "µs a name", "less", processor));
    figures.push(figure(`Random names under ${kind}: memory grown`, "MB resident", "less", growth));
  }
  keepFigures("random-names", figures, versions);
});
