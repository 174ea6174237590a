/** /etc/resolv.conf, /etc/nsswitch.conf and the copy in Postfix's chroot: whom programs ask, and whether AD reaches them. */
import type { ServerAddress } from "../../env/env.ts";
import { type Examined, type FileText, type Finding, fine, note, problem, skipped, warning } from "./finding.ts";

const RESOLV_CONF = "/etc/resolv.conf";
/** glibc heeds no more, and waits this long for each unless told otherwise. */
const NAMESERVERS = 3;
const GLIBC_TIMEOUT_S = 5;

const NO_DANE =
  "glibc takes AD out of every answer: Exim does no DANE and does not say so, and other programs cannot either";
const rewritten =
  "and see to it that nothing rewrites the file: a DHCP client, NetworkManager, resolvconf or systemd-resolved";

export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly options: readonly string[];
  readonly search: readonly string[];
}

/** As glibc reads it: the last `search` or `domain` counts, options add up, all that is unknown is passed over. */
function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/^[;#].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && words[0] !== undefined) nameservers.push(words[0]);
    if (keyword === "options") options.push(...words);
    if (keyword === "search" || keyword === "domain") search = words;
  }
  return { nameservers: nameservers.slice(0, NAMESERVERS), options, search };
}

export function examineResolvConf({ files, server }: Examined): readonly Finding[] {
  const file = files.read(RESOLV_CONF);
  const check = "resolv.conf";
  if (file.kind !== "text") {
    const found = file.kind === "missing" ? `there is no ${RESOLV_CONF}` : `${RESOLV_CONF} cannot be read: ${file.why}`;
    return [problem(check, { found, means: NO_DANE, todo: wanted(server) })];
  }
  const conf = parseResolvConf(file.text);
  return [...whomTheyAsk(conf, server), trustAd(conf), ...otherOptions(conf)];
}

function wanted(server: ServerAddress): string {
  return `write into ${RESOLV_CONF}: nameserver ${server.address}, and options trust-ad; ${rewritten}`;
}

function whomTheyAsk({ nameservers }: ResolvConf, server: ServerAddress): readonly Finding[] {
  const check = "resolv.conf nameserver";
  const [first, ...others] = nameservers;
  // glibc asks port 53 only.
  if (server.port !== 53)
    return [
      note(check, {
        found: `rootwalk listens on port ${server.port}`,
        means: "programs that use the system's resolver cannot ask it: resolv.conf has no ports",
        todo: "listen on port 53 when the trial is over",
      }),
    ];
  if (first === undefined && server.address === "127.0.0.1")
    return [fine(check, `${RESOLV_CONF} names no nameserver, and then glibc asks 127.0.0.1`)];
  if (first === undefined)
    return [
      problem(check, {
        found: `${RESOLV_CONF} names no nameserver`,
        means: "glibc asks 127.0.0.1",
        todo: wanted(server),
      }),
    ];
  if (!sameAddress(first, server.address)) {
    const isStub = first === "127.0.0.53" || first === "127.0.0.54";
    return [
      problem(check, {
        found: isStub
          ? `the first nameserver is ${first}, the stub of systemd-resolved`
          : `the first nameserver is ${first}, and not ${server.address}`,
        means: isStub
          ? "programs ask systemd-resolved, which does not pass DNSSEC through unchanged; rootwalk is not asked"
          : "programs ask another resolver, and rootwalk is not asked",
        todo: isStub
          ? `systemctl disable --now systemd-resolved, remove the link ${RESOLV_CONF}, and ${wanted(server)}`
          : wanted(server),
      }),
    ];
  }
  if (others.length === 0) return [fine(check, `programs ask ${first}, and nobody else`)];
  return [
    problem(`${check} order`, {
      found: `besides ${first} there is ${others.join(" and ")}`,
      means:
        "glibc asks the next one whenever the first is slow, and believes its AD just the same: who can delay answers chooses the resolver",
      todo: "leave one nameserver line, that of rootwalk",
    }),
  ];
}

function trustAd({ options }: ResolvConf): Finding {
  const check = "resolv.conf trust-ad";
  return options.includes("trust-ad")
    ? fine(check, "options trust-ad is set: AD reaches programs")
    : problem(check, {
        found: `options trust-ad is missing in ${RESOLV_CONF}`,
        means: NO_DANE,
        todo: `write into ${RESOLV_CONF}: options trust-ad; ${rewritten}`,
      });
}

function otherOptions({ options, search }: ResolvConf): readonly Finding[] {
  const check = "resolv.conf options";
  const findings: Finding[] = [];
  const seconds = numberIn(options, "timeout");
  if (seconds !== null && seconds < GLIBC_TIMEOUT_S)
    findings.push(
      warning(check, {
        found: `options timeout:${seconds} is less than glibc's ${GLIBC_TIMEOUT_S} s`,
        means: "programs give up before rootwalk, which answers within 4.5 s, can say that a name is broken",
        todo: `take timeout:${seconds} out`,
      }),
    );
  const dots = numberIn(options, "ndots");
  if (dots !== null && dots > 1 && search.length > 0)
    findings.push(
      warning(check, {
        found: `options ndots:${dots} with search ${search.join(" ")}`,
        means:
          "names of mail servers are looked for below the search domains first, which costs time and may find strangers",
        todo: `take ndots:${dots} out`,
      }),
    );
  if (!options.includes("edns0") && options.length > 0 && findings.length === 0)
    findings.push(
      fine(check, "no option is in the way; edns0 is not needed, for programs that want DNSSEC ask for it"),
    );
  return findings;
}

function numberIn(options: readonly string[], name: string): number | null {
  const text = options.findLast((option) => option.startsWith(`${name}:`))?.slice(name.length + 1) ?? "";
  return /^[0-9]+$/.test(text) ? Number(text) : null;
}

function sameAddress(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

export function examineNsswitch({ files }: Examined): readonly Finding[] {
  const check = "nsswitch.conf";
  const file = files.read("/etc/nsswitch.conf");
  if (file.kind !== "text") return [];
  const hosts = /^\s*hosts:(.*)$/m.exec(file.text)?.[1]?.trim().split(/\s+/) ?? [];
  const dns = hosts.indexOf("dns");
  const resolve = hosts.indexOf("resolve");
  if (resolve >= 0 && (dns < 0 || resolve < dns))
    return [
      warning(check, {
        found: `hosts: ${hosts.join(" ")} in /etc/nsswitch.conf asks systemd-resolved before DNS`,
        means: "addresses of hosts come from systemd-resolved for programs that use getaddrinfo",
        todo: "take resolve out of the line, or stop systemd-resolved; smtp_host_lookup = dns keeps Postfix away from it",
      }),
    ];
  return [fine(check, "addresses of hosts come from files and DNS")];
}

/** Postfix's smtp client may run in its queue directory. */
export function examineChrootCopy(
  { files }: Examined,
  { chrooted, queue }: { readonly chrooted: "yes" | "no" | "unknown"; readonly queue: string },
): Finding {
  const check = "postfix chroot";
  const path = `${queue}${RESOLV_CONF}`;
  const [copy, original] = [files.read(path), files.read(RESOLV_CONF)];
  if (chrooted === "no") return fine(check, "smtp runs outside of the chroot");
  if (copy.kind === "unreadable") return skipped(check, `${path} cannot be read: ${copy.why}`);
  if (copy.kind === "missing") {
    if (chrooted !== "yes") return skipped(check, "Postfix keeps no copy of resolv.conf");
    return problem(check, {
      found: `smtp runs in a chroot, and there is no ${path}`,
      means: "in there glibc knows no options: no trust-ad, and 127.0.0.1 is asked whatever resolv.conf says",
      todo: "systemctl restart postfix, which copies it",
    });
  }
  if (sameText(copy, original)) return fine(check, `${path} is like ${RESOLV_CONF}`);
  return problem(check, {
    found: `${path} differs from ${RESOLV_CONF}`,
    means: "Postfix's smtp client, which lives in the chroot, asks whom it asked when Postfix was started",
    todo: "systemctl restart postfix, which copies it",
  });
}

/** Comments and blank lines aside. */
function sameText(a: FileText, b: FileText): boolean {
  if (a.kind !== "text" || b.kind !== "text") return false;
  const essence = (text: string): string =>
    text
      .split("\n")
      .map((line) => line.replace(/^[;#].*/, "").trim())
      .filter((line) => line !== "")
      .join("\n");
  return essence(a.text) === essence(b.text);
}
