/** What does a message cost, read and written? Against dns-packet, on a TLSA answer with DO and on a referral. */
import dnsPacket, { type Packet } from "dns-packet";
import { buildWorld } from "../src/lab/world.ts";
import { decodeMessage, encodeMessage, encodeQuery, peekHeader } from "../src/wire/message.ts";
import { Name } from "../src/wire/name.ts";
import { TYPE } from "../src/wire/registry.ts";
import { type Comparison, compare, keep } from "./harness.ts";
import { benchWorld } from "./world.ts";

const world = buildWorld({ zones: benchWorld.zones.slice(0, 6) }, Math.floor(Date.now() / 1000));

/** Uncompressed, as dns-packet writes it, and compressed, as servers do. */
function reply(server: string, name: string, type: number): { readonly plain: Buffer; readonly packed: Buffer } {
  const { addresses } = world.servers.find((each) => `${each.name}` === server)!;
  const question = { name: Name.parse(name), type, class: 1 };
  const query = encodeQuery({ id: 1, question, rd: false, cd: false, edns: { udpSize: 1232, options: [] } });
  const plain = world.answer(query, addresses[0]!, "udp")!;
  return { plain: Buffer.from(plain), packed: Buffer.from(encodeMessage(decodeMessage(plain))) };
}

const comparisons: Comparison[] = [];
for (const [title, { plain, packed }] of [
  ["TLSA answer with DO", reply("ns.d0.nsec.", "_25._tcp.mx.d0.nsec.", TYPE.TLSA)],
  ["signed referral", reply("ns.nsec.", "d0.nsec.", TYPE.A)],
  ["NXDOMAIN with NSEC3", reply("ns.nsec3.", "nobody.nsec3.", TYPE.A)],
] as const) {
  const foreign = dnsPacket.decode(packed) as Packet;
  const own = decodeMessage(packed);
  comparisons.push(
    await compare(`read: ${title}, ${packed.length} octets`, {
      "dns-packet": () => dnsPacket.decode(packed),
      decodeMessage: () => decodeMessage(packed),
      "decodeMessage, uncompressed": () => decodeMessage(plain),
      peekHeader: () => peekHeader(packed),
    }),
    await compare(`write: ${title}`, {
      "dns-packet (never compresses)": () => dnsPacket.encode(foreign),
      "encodeMessage (compresses)": () => encodeMessage(own),
    }),
  );
}
keep("decode", comparisons);
