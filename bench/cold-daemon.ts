/**
 * What does an answer cost a daemon that knows nothing? Every peer with an empty cache before the same name servers: 600
 * questions of a mail server without latency, 50 at once and one at a time.
 */
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, startPeer } from "./peers.ts";
import { type Asked, askAll } from "./rig/client.ts";
import { datagramsReceived } from "./rig/datagrams.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";
import { signedDomains } from "./rig/zones.ts";

const names = chosenPeers();
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);

if (!insideNamespace()) {
  console.log("cold-daemon: not measured, for it needs a network namespace of its own (unshare, ip)");
  process.exit(0);
}

const questions: readonly Asked[] = signedDomains.flatMap((apex) => [
  { name: apex, type: "MX" },
  { name: `mx.${apex}`, type: "A" },
  { name: `_25._tcp.mx.${apex}`, type: "TLSA" },
]);

await withServers({ delayMs: 0 }, async ({ world, folder }) => {
  const versions = new Map<string, string>();
  const figures: Figure[] = [];
  for (const atOnce of [50, 1]) {
    const rates: Samples = new Map();
    const processor: Samples = new Map();
    const upstream: Samples = new Map();
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        const peer = await startPeer(name, {
          port: 5301,
          world,
          folder: `${folder}/${name.replaceAll(" ", "-")}-${atOnce}-${round}`,
        });
        if (peer === null) continue;
        versions.set(name, peer.version);
        await new Promise((resolve) => setTimeout(resolve, 300)); // who primes does it now
        const before = { seconds: peer.processorSeconds(), datagrams: datagramsReceived() };
        const startMs = performance.now();
        const outcomes = await askAll({ address: "127.0.0.1", port: peer.port }, questions, atOnce);
        const seconds = (performance.now() - startMs) / 1000;
        const bad = outcomes.filter(({ said }) => said !== "NOERROR AD");
        const spent = peer.processorSeconds() - before.seconds;
        const received = datagramsReceived() - before.datagrams;
        await peer.stop();
        if (bad.length > 0) {
          const said = [...new Set(bad.map((outcome) => outcome.said))];
          console.log(`${name}: no row, ${bad.length} of ${questions.length} said ${said}`);
          continue;
        }
        addSample(rates, name, questions.length / seconds);
        addSample(processor, name, (1000 * spent) / questions.length);
        addSample(upstream, name, (received - 2 * questions.length) / 2 / questions.length);
      }
    }
    const how = atOnce === 1 ? "one at a time" : `${atOnce} at once`;
    figures.push(figure(`Cold, ${how}: questions`, "a second", "more", rates));
    figures.push(figure(`Cold, ${how}: processor`, "ms a question", "less", processor));
    figures.push(figure(`Cold, ${how}: upstream questions`, "a question", "less", upstream));
  }
  keepFigures("cold-daemon", figures, versions);
});
