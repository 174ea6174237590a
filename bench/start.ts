/** How long from the start of the process to its first validated answer, a TLSA, with and without a round trip of 20 ms? */
import { join } from "node:path";
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, startPeer } from "./peers.ts";
import { firstReply, isValidated } from "./rig/client.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";

if (!insideNamespace()) process.exit(0);

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const versions = new Map<string, string>();
const figures: Figure[] = [];

for (const delayMs of [0, 10]) {
  await withServers({ delayMs }, async ({ world, folder }) => {
    const times: Samples = new Map();
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of chosenPeers()) {
        const warm = name.startsWith("rootwalk") ? ["without", "with a snapshot"] : ["without"];
        for (const how of warm) {
          const state = join(folder, `state-${name.replaceAll(" ", "-")}`);
          const args = how === "without" ? [] : ["--snapshot", `${state}.snapshot`];
          // The first time only makes the snapshot.
          for (const turn of how === "without" || round > 0 ? ["measured"] : ["made", "measured"]) {
            const own = join(folder, `${name.replaceAll(" ", "-")}-${how}-${round}-${turn}`);
            const peer = await startPeer(name, { port: 5301, world, folder: own, args });
            if (peer === null) continue;
            versions.set(name, peer.version);
            const asked = { name: "_25._tcp.mx.d0.nsec.", type: "TLSA" };
            const reply = await firstReply({ address: "127.0.0.1", port: peer.port }, asked, {
              everyMs: 5,
              withinMs: 10_000,
              welcome: isValidated,
            });
            if (reply === null) console.log(`${name} gave no validated answer within 10 s`);
            else if (turn === "measured") {
              addSample(times, how === "without" ? name : `${name}, ${how}`, performance.now() - peer.startedMs);
            }
            await peer.stop();
          }
        }
      }
    }
    const what = delayMs === 0 ? "no latency" : "20 ms a round trip";
    figures.push(figure(`Start to the first validated answer, ${what}`, "ms", "less", times));
  });
}
keepFigures("start", figures, versions);
