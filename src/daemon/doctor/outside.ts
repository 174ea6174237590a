/** The way out: do questions and answers pass between this machine and the root's servers, large ones and signed ones too? */
import type { ServerAddress, Transport } from "../../env/env.ts";
import { Name } from "../../wire/name.ts";
import { TYPE } from "../../wire/registry.ts";
import { type Heard, hear, UDP_OCTETS } from "./asking.ts";
import { type Examined, type Finding, fine, problem, skipped, warning } from "./finding.ts";

/** Servers asked: one alone may be down. */
const SERVERS = 3;
const DNS_PORT = 53;
const PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
/** RFC 5452 §9.2: a forger must guess the port, so there should be many. */
const PORTS = 16_000;

export async function examineWayOut(examined: Examined): Promise<readonly Finding[]> {
  const four = serversOf(examined, "IPv4");
  const [udp, tcp, six] = await Promise.all([
    askAll(examined, four, "udp"),
    askAll(examined, four, "tcp"),
    overIpv6(examined),
  ]);
  const datagrams = udp.filter((heard) => heard.kind === "reply");
  const streams = tcp.filter((heard) => heard.kind === "reply");
  const replies = [...datagrams, ...streams];
  return [
    reached("outside udp", "UDP", udp),
    reached("outside tcp", "TCP", tcp),
    ...largeAnswers(datagrams, streams),
    ...signatures(replies),
    ...middleman(replies),
    six,
    ports(examined),
  ];
}

function serversOf({ hints }: Examined, family: "IPv4" | "IPv6"): readonly ServerAddress[] {
  const all = hints.flatMap(({ addresses, port }) =>
    addresses
      .filter((address) => address.includes(":") === (family === "IPv6"))
      .slice(0, 1)
      .map((address) => ({ address, port: port ?? DNS_PORT })),
  );
  return all.slice(0, SERVERS);
}

/** The root's keys: the largest thing that every resolver must get. */
function askAll(
  examined: Examined,
  servers: readonly ServerAddress[],
  transport: Transport,
): Promise<readonly Heard[]> {
  return Promise.all(
    servers.map((server) => hear(examined, { server, transport, name: Name.root, type: TYPE.DNSKEY, as: "authority" })),
  );
}

function reached(check: string, transport: "UDP" | "TCP", heard: readonly Heard[]): Finding {
  const good = heard.filter(({ kind }) => kind === "reply").length;
  if (heard.length === 0) return skipped(check, "the root hints have no IPv4 address");
  if (good > 0) return fine(check, `${good} of ${heard.length} root servers answer over ${transport}`);
  const whys = [...new Set(heard.map((one) => (one.kind === "nothing" ? one.why : "")))].join(", ");
  return problem(check, {
    found: `none of ${heard.length} root servers answers over ${transport}: ${whys}`,
    means:
      transport === "UDP"
        ? "rootwalk cannot walk: a firewall stops DNS to the outside, or there is no network"
        : "answers that fit no datagram are lost: large TLSA and DNSKEY RRsets, and names whose servers truncate",
    todo: `let ${transport} out to port 53 of any address; behind a firewall that cannot, forward to a resolver that it lets through`,
  });
}

type Reply = Extract<Heard, { kind: "reply" }>;

function largeAnswers(datagrams: readonly Reply[], streams: readonly Reply[]): readonly Finding[] {
  const check = "outside large";
  const [first] = datagrams;
  if (first === undefined) return [];
  const whole = datagrams.find(({ message }) => !message.tc);
  if (whole !== undefined) return [fine(check, `answers of ${whole.octets} octets arrive over UDP`)];
  const what = `the root's keys do not fit into ${UDP_OCTETS} octets and come truncated over UDP`;
  const [stream] = streams;
  if (stream !== undefined) return [fine(check, `${what}, and whole over TCP (${stream.octets} octets)`)];
  return [
    warning(check, {
      found: what,
      means: "without TCP they do not come at all, and nothing can be validated",
      todo: "let TCP out to port 53 of any address",
    }),
  ];
}

function signatures(replies: readonly Reply[]): readonly Finding[] {
  const check = "outside signatures";
  const whole = replies.filter(({ message }) => !message.tc && message.answer.length > 0);
  if (whole.length === 0) return [];
  if (whole.some(({ message }) => message.answer.some(({ type }) => type === TYPE.RRSIG)))
    return [fine(check, "signatures come through")];
  return [
    problem(check, {
      found: "the root's keys come without their signature",
      means: "something on the way takes RRSIG records out: a firewall, a provider's proxy, a container's DNS",
      todo: "find it and let DNS pass unchanged, or forward over another way; until then every signed name fails",
    }),
  ];
}

/** A root server is an authority and recurses for nobody. */
function middleman(replies: readonly Reply[]): readonly Finding[] {
  const check = "outside middleman";
  if (replies.length === 0) return [];
  const strange = replies.filter(({ message }) => message.ra || !message.aa);
  if (strange.length === 0) return [fine(check, "root servers answer themselves")];
  return [
    problem(check, {
      found: `${strange.length} of ${replies.length} answers in the name of root servers come from something else: ${strange[0]!.message.ra ? "it offers recursion" : "it is no authority"}`,
      means: "DNS is intercepted on the way out. Forgery is found out, but denials and referrals may be damaged",
      todo: "have the network's owner stop the interception of port 53, or forward to a resolver that it lets through",
    }),
  ];
}

async function overIpv6(examined: Examined): Promise<Finding> {
  const check = "outside ipv6";
  if (examined.ipv6 === "has none") return fine(check, "this machine has no IPv6 address, and none is needed");
  const servers = serversOf(examined, "IPv6");
  if (servers.length === 0) return skipped(check, "the root hints have no IPv6 address");
  const heard = await askAll(examined, servers, "udp");
  const good = heard.filter(({ kind }) => kind === "reply").length;
  if (good > 0) return fine(check, `${good} of ${servers.length} root servers answer over IPv6`);
  return warning(check, {
    found: "this machine has an IPv6 address, and no root server answers over IPv6",
    means: "every cold question may lose time on addresses that cannot be reached",
    todo: "repair IPv6, or start rootwalk with --no-ipv6",
  });
}

function ports({ files }: Examined): Finding {
  const check = "outside ports";
  const file = files.read(PORT_RANGE);
  const match = file.kind === "text" ? /^([0-9]+)\s+([0-9]+)/.exec(file.text) : null;
  if (match === null) return skipped(check, "the range of local ports is not known here");
  const count = Number(match[2]) - Number(match[1]) + 1;
  if (count >= PORTS) return fine(check, `${count} local ports to send questions from`);
  return warning(check, {
    found: `only ${count} local ports to send questions from (${match[1]} to ${match[2]})`,
    means: "a forger has fewer ports to guess, and a busy resolver may run out of them",
    todo: "sysctl -w net.ipv4.ip_local_port_range='32768 60999'",
  });
}
