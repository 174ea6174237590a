/**
 * How long does an answer take when nothing is known, in round trips of the network? Real sockets, 10 ms each way between
 * resolver and name servers, every peer with a new process for every row. It has answered a few questions below another TLD
 * before, so that everybody knows the root and nobody's program is in its first second.
 */
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, startPeer } from "./peers.ts";
import { askAll, firstReply, isNoError } from "./rig/client.ts";
import { datagramsReceived } from "./rig/datagrams.ts";
import { addSample, type Figure, figure, keepFigures, medianOf, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";
import { signedDomains } from "./rig/zones.ts";

if (!insideNamespace()) process.exit(0);

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);
type Step = readonly (readonly [name: string, type: string])[];

const [one, other] = ["d0.nsec.", "d1.nsec3."];
const mail = (domain: string, host: string): readonly Step[] => [
  [[domain, "MX"]],
  [
    [host, "A"],
    [host, "AAAA"],
    [`_25._tcp.${host}`, "TLSA"],
  ],
];
const tldKnown: Step = [
  ["d4.nsec.", "MX"],
  ["d5.nsec3.", "MX"],
];
const elsewhere: Step = signedDomains
  .filter((apex) => apex.endsWith(".rsa."))
  .slice(0, 20)
  .flatMap((apex) => [
    [apex, "MX"],
    [`_25._tcp.mx.${apex}`, "TLSA"],
  ]);
const rows: readonly { readonly what: string; readonly known?: Step; readonly steps: readonly Step[] }[] = [
  { what: "MX, secure", steps: [[[one, "MX"]]] },
  { what: "MX, name servers in another domain", steps: [[["away.nsec.", "MX"]]] },
  { what: "_25._tcp.mx TLSA, secure", steps: [[[`_25._tcp.mx.${one}`, "TLSA"]]] },
  { what: "NXDOMAIN, secure", steps: [[[`nobody.${one}`, "A"]]] },
  { what: "TLSA no data, secure", steps: [[[`www.${one}`, "TLSA"]]] },
  { what: "A below an insecure delegation", steps: [[["www.open.optout.", "A"]]] },
  { what: "as a mail server: MX, then A, AAAA, TLSA", steps: mail(one, `mx.${one}`) },
  { what: "the same, MX host in another domain", steps: mail("hosted.nsec.", `mx.${other}`) },
  { what: "TLD known: MX", known: tldKnown, steps: [[[one, "MX"]]] },
  { what: "TLD known: TLSA", known: tldKnown, steps: [[[`_25._tcp.mx.${one}`, "TLSA"]]] },
  { what: "TLD known: as a mail server", known: tldKnown, steps: mail(one, `mx.${one}`) },
  { what: "TLD known: the same, host in another domain", known: tldKnown, steps: mail("hosted.nsec.", `mx.${other}`) },
];

await withServers({ delayMs: 10 }, async ({ world, folder }) => {
  const versions = new Map<string, string>();
  const roundTrip = await roundTripMs(world.addresses.root[0]!);
  console.log(`a round trip takes ${roundTrip.toFixed(1)} ms`);
  const figures: Figure[] = [];
  for (const [i, { what, known = [], steps }] of rows.entries()) {
    const waits: Samples = new Map();
    const sent: Samples = new Map();
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of chosenPeers()) {
        const own = `${folder}/${name.replaceAll(" ", "-")}-${i}-${round}`;
        const peer = await startPeer(name, { port: 5301, world, folder: own });
        if (peer === null) continue;
        versions.set(name, peer.version);
        await new Promise((resolve) => setTimeout(resolve, 250)); // who primes does it now
        const server = { address: "127.0.0.1", port: peer.port };
        const asking = (step: Step) =>
          askAll(
            server,
            step.map(([of, type]) => ({ name: of, type })),
            step.length,
          );
        await asking(elsewhere);
        if (known.length > 0) await asking(known);
        const before = datagramsReceived();
        const startMs = performance.now();
        let asked = 0;
        let failed = false;
        for (const step of steps) {
          const outcomes = await asking(step);
          asked += outcomes.length;
          const bad = outcomes.find(({ said }) => !/^(NOERROR|NXDOMAIN) AD$/.test(said));
          if (bad === undefined || (what.includes("insecure") && bad.said === "NOERROR")) continue;
          failed = true;
          console.log(`${name}, ${what}: no row, it said ${bad.said}`);
        }
        if (!failed) addSample(waits, name, (performance.now() - startMs) / roundTrip);
        // Each question passes the forwarder, and so does its answer.
        if (!failed) addSample(sent, name, (datagramsReceived() - before - 2 * asked) / 4);
        await peer.stop();
      }
    }
    figures.push(figure(what, "round trips", "less", waits));
    figures.push(figure(`${what}: questions sent`, "questions", "less", sent));
  }
  keepFigures("cold-waits", figures, versions);
});

async function roundTripMs(address: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const startMs = performance.now();
    await firstReply(
      { address, port: 53 },
      { name: ".", type: "SOA" },
      { everyMs: 1000, withinMs: 1000, welcome: isNoError },
    );
    times.push(performance.now() - startMs);
  }
  return medianOf(times);
}
