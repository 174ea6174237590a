/** The resolver as a mail server sees it: does it answer, does it validate, and does the clock allow it? */
import { digestInput } from "../../dnssec/ds.ts";
import { dateText } from "../../dnssec/proof.ts";
import { equalOctets } from "../../rrset/canonical.ts";
import { keyTag } from "../../wire/key-tag.ts";
import type { Message } from "../../wire/message.ts";
import { Name } from "../../wire/name.ts";
import { decodeRdata, type Rrsig } from "../../wire/rdata.ts";
import { CLASS, edeText, OPTION, RCODE, rcodeToText, TYPE } from "../../wire/registry.ts";
import { type Heard, hear, hearWhole } from "./asking.ts";
import { type Examined, type Finding, fine, note, problem, skipped, warning } from "./finding.ts";

const start = "start it (systemctl start rootwalk), or name the right address with --server";

export async function examineResolver(examined: Examined): Promise<readonly Finding[]> {
  const root = { server: examined.server, name: Name.root, as: "validated" } as const;
  const udp = await hear(examined, { ...root, transport: "udp", type: TYPE.NS });
  const tcp = await hear(examined, { ...root, transport: "tcp", type: TYPE.NS });
  const answers = [answersOver("UDP", udp, examined), answersOver("TCP", tcp, examined)];
  if (udp.kind === "nothing" && tcp.kind === "nothing") return answers;
  const [who, bogus, unsigned, clock, anchors] = await Promise.all([
    whoAnswers(examined),
    bogusName(examined),
    unsignedName(examined),
    clockAgainstRoot(examined),
    anchorsAgainstRoot(examined),
  ]);
  return [...answers, who, rootHasAd(udp.kind === "reply" ? udp : tcp), bogus, unsigned, clock, ...anchors];
}

function answersOver(transport: "UDP" | "TCP", heard: Heard, { server }: Examined): Finding {
  const check = `server ${transport.toLowerCase()}`;
  const where = `${server.address} port ${server.port}`;
  if (heard.kind === "reply") return fine(check, `${where} answers over ${transport}`);
  return problem(check, {
    found: `${where} does not answer over ${transport}: ${heard.why}`,
    means:
      transport === "UDP"
        ? "no name can be looked up"
        : "large answers are lost: TLSA records with whole certificates fit no datagram, and mail to such hosts waits",
    todo: transport === "UDP" ? start : `${start}; a firewall on this machine may be in the way`,
  });
}

async function whoAnswers(examined: Examined): Promise<Finding> {
  const check = "server version";
  const name = Name.parse("version.bind");
  const heard = await hear(examined, {
    server: examined.server,
    transport: "udp",
    name,
    type: TYPE.TXT,
    as: "validated",
    class: CLASS.CH,
  });
  if (heard.kind === "nothing") return skipped(check, "it does not say what it is");
  const [record] = heard.message.answer.filter(({ type }) => type === TYPE.TXT);
  if (record === undefined) return skipped(check, "it does not say what it is (hide-version)");
  const said = Buffer.from(record.rdata.subarray(1))
    .toString("latin1")
    .replace(/[^ -~]/g, "?");
  if (said.startsWith("rootwalk")) return fine(check, `it is ${said}`);
  return warning(check, {
    found: `what answers there says that it is ${said}`,
    means: "another resolver has that address",
    todo: "stop it, and start rootwalk",
  });
}

function rootHasAd(heard: Heard): Finding {
  const check = "server root ad";
  if (heard.kind === "reply" && heard.message.rcode === RCODE.NOERROR && heard.message.ad)
    return fine(check, ". NS comes with AD");
  const said =
    heard.kind === "nothing"
      ? heard.why
      : `${rcodeToText(heard.message.rcode)}, ${heard.message.ad ? "with" : "without"} AD${edeOf(heard.message)}`;
  return problem(check, {
    found: `. NS: ${said}`,
    means: "Postfix takes DNSSEC for unavailable and sends mail as if DANE were off",
    todo: "look at the clock and the trust anchors below, and at what rootwalk logs",
  });
}

function edeOf({ edns }: Message): string {
  const option = edns?.options.find(({ code }) => code === OPTION.EDE);
  if (option === undefined || option.data.length < 2) return "";
  const code = (option.data[0]! << 8) | option.data[1]!;
  const text = Buffer.from(option.data.subarray(2))
    .toString("utf8")
    .replace(/[^ -~]/g, "?");
  return ` (EDE ${code}, ${edeText(code)}${text === "" ? "" : `: ${text}`})`;
}

/** SERVFAIL alone may mean that nobody can be reached: what is bogus comes when validation is not asked for. */
async function bogusName(examined: Examined): Promise<Finding> {
  const check = "server bogus";
  const { server, bogusName: name } = examined;
  const heard = await hearWhole(examined, { server, name, type: TYPE.A, as: "validated" });
  if (heard.kind === "nothing") return skipped(check, `${name}: ${heard.why}`);
  const { rcode } = heard.message;
  if (rcode === RCODE.NOERROR && heard.message.answer.length > 0)
    return problem(check, {
      found: `${name}, whose signatures are broken on purpose, is answered`,
      means: "what answers does not validate: forged TLSA records and addresses pass",
      todo: "have rootwalk answer at this address, without a negative trust anchor for that name",
    });
  if (rcode !== RCODE.SERVFAIL) return skipped(check, `${name} tells nothing: ${rcodeToText(rcode)}`);
  const unchecked = await hearWhole(examined, { server, name, type: TYPE.A, as: "unchecked" });
  if (unchecked.kind === "reply" && unchecked.message.rcode === RCODE.NOERROR)
    return fine(check, `${name}, which is broken on purpose, is refused with SERVFAIL${edeOf(heard.message)}`);
  return skipped(check, `${name} cannot be reached, so its SERVFAIL tells nothing${edeOf(heard.message)}`);
}

async function unsignedName(examined: Examined): Promise<Finding> {
  const check = "server unsigned";
  const { server, unsignedName: name } = examined;
  const heard = await hearWhole(examined, { server, name, type: TYPE.A, as: "validated" });
  if (heard.kind === "nothing") return skipped(check, `${name}: ${heard.why}`);
  const { rcode, ad } = heard.message;
  if (rcode !== RCODE.NOERROR)
    return skipped(check, `${name} tells nothing: ${rcodeToText(rcode)}${edeOf(heard.message)}`);
  if (!ad) return fine(check, `${name}, which is not signed, comes without AD`);
  return problem(check, {
    found: `${name}, which is not signed, comes with AD`,
    means: "what answers sets AD on everything, so AD proves nothing",
    todo: "have rootwalk answer at this address, not a forwarder that copies or sets AD",
  });
}

/** The root is signed anew twice a day, and each signature is good for some two weeks: no better clock is near. */
async function clockAgainstRoot(examined: Examined): Promise<Finding> {
  const check = "clock";
  const { server, clock } = examined;
  const heard = await hearWhole(examined, { server, name: Name.root, type: TYPE.SOA, as: "unchecked" });
  const signature = heard.kind === "reply" ? signatureIn(heard.message) : null;
  if (signature === null) return skipped(check, "the root's SOA came without a signature to compare the clock with");
  const now = clock.unixSeconds();
  const { inception, expiration } = signature;
  if (now >= inception && now <= expiration)
    return fine(
      check,
      `the clock says ${dateText(now)}, and the root was signed for ${dateText(inception)} to ${dateText(expiration)}`,
    );
  return problem(check, {
    found: `the clock says ${dateText(now)}, and the root's SOA is signed for ${dateText(inception)} to ${dateText(expiration)}`,
    means: `the clock is ${now < inception ? "behind" : "ahead"}, or these are old answers: no signature can be believed, and all signed names fail`,
    todo: "set the clock and keep it right: chronyd or systemd-timesyncd, with servers given by address",
  });
}

function signatureIn(message: Message): Rrsig | null {
  const record = message.answer.find(({ type }) => type === TYPE.RRSIG);
  return record === undefined ? null : decodeRdata(TYPE.RRSIG, record.rdata);
}

/** RFC 5011 §2.1, RFC 4034 §2.1.1. */
const REVOKED = 0x80;
const SEP = 1;

async function anchorsAgainstRoot(examined: Examined): Promise<readonly Finding[]> {
  const check = "trust anchors";
  const { server, engine, anchors } = examined;
  const heard = await hearWhole(examined, { server, name: Name.root, type: TYPE.DNSKEY, as: "unchecked" });
  if (heard.kind === "nothing") return [skipped(check, `the root's keys did not come: ${heard.why}`)];
  const keys = heard.message.answer
    .filter(({ type }) => type === TYPE.DNSKEY)
    .map(({ rdata }) => ({ tag: keyTag(rdata), rdata, ...decodeRdata(TYPE.DNSKEY, rdata) }));
  if (keys.length === 0) return [skipped(check, `the root's keys did not come: ${rcodeToText(heard.message.rcode)}`)];
  const root = anchors.filter(({ zone }) => zone.isRoot);
  const ds = root.flatMap((anchor) => anchor.ds);
  const known = root.flatMap((anchor) => anchor.keys);
  const isAnchored = (key: (typeof keys)[number]): boolean =>
    known.some(({ publicKey }) => equalOctets(publicKey, key.publicKey)) ||
    ds.some(({ keyTag: tag, digestType, digest }) => {
      const computed = tag === key.tag ? engine.digest(digestType, digestInput(Name.root, key.rdata)) : null;
      return computed !== null && equalOctets(computed, digest);
    });
  const entry = keys.filter(({ flags }) => (flags & SEP) !== 0);
  const anchored = entry.filter(isAnchored);
  const strange = entry.filter((key) => !isAnchored(key) && (key.flags & REVOKED) === 0);
  if (anchored.length === 0)
    return [
      problem(check, {
        found: `the root has the keys ${entry.map(({ tag }) => tag).join(", ")}, and none of them is a trust anchor here`,
        means: "nothing can be validated; all signed names fail, or somebody answers in the root's name",
        todo: "take the newest release of rootwalk, or IANA's root-anchors.xml with --trust-anchor-file",
      }),
    ];
  const trusted = fine(check, `trusted and in use: ${anchored.map(({ tag }) => `key ${tag}`).join(", ")} of the root`);
  if (strange.length === 0) return [trusted];
  return [
    trusted,
    note("trust anchors next", {
      found: `the root has a new key, ${strange.map(({ tag }) => tag).join(", ")}, which is not among the configured trust anchors`,
      means: "a rollover is near; rootwalk learns the key by itself (RFC 5011), if it may write to its state-dir",
      todo: "look into the state-dir in a month, or take a newer release, before the old key goes",
    }),
  ];
}
