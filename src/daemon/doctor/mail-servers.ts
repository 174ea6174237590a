/** Postfix and Exim: whether they are set to do DANE. Settings as docs/postfix.md and docs/exim.md have them. */
import { type Examined, type Finding, fine, problem, skipped, warning } from "./finding.ts";
import { examineChrootCopy } from "./resolv-conf.ts";

export async function examinePostfix(examined: Examined): Promise<readonly Finding[]> {
  const main = examined.files.read("/etc/postfix/main.cf");
  if (main.kind !== "text") return [skipped("postfix", "there is no Postfix here")];
  const settings = await postfixSettings(examined, main.text);
  const { queue } = settings;
  return [examineChrootCopy(examined, { chrooted: chrooted(examined), queue }), ...daneOf(settings)];
}

interface PostfixSettings {
  readonly support: string;
  readonly level: string;
  readonly hostLookup: string;
  /** Where the chroot is. */
  readonly queue: string;
}

/** From `postconf`, which knows defaults and includes; else from the file itself. */
async function postfixSettings({ run }: Examined, text: string): Promise<PostfixSettings> {
  const names = ["smtp_dns_support_level", "smtp_tls_security_level", "smtp_host_lookup", "queue_directory"];
  const printed = await run("postconf", names);
  const source = printed ?? text;
  const value = (name: string): string => new RegExp(`^${name}\\s*=\\s*(.*)$`, "m").exec(source)?.[1]?.trim() ?? "";
  return {
    support: value("smtp_dns_support_level"),
    level: value("smtp_tls_security_level"),
    hostLookup: value("smtp_host_lookup") || "dns",
    queue: value("queue_directory") || "/var/spool/postfix",
  };
}

function daneOf({ support, level, hostLookup }: PostfixSettings): readonly Finding[] {
  const check = "postfix dane";
  const isDane = level === "dane" || level === "dane-only";
  if (!isDane)
    return [
      warning(check, {
        found: `smtp_tls_security_level is ${level === "" ? "not set" : level}`,
        means: "Postfix does no DANE, unless smtp_tls_policy_maps says so for single destinations",
        todo: "postconf -e smtp_tls_security_level=dane smtp_dns_support_level=dnssec, and reload",
      }),
    ];
  if (support !== "dnssec")
    return [
      problem(check, {
        found: `smtp_tls_security_level is ${level}, and smtp_dns_support_level is ${support === "" ? "not set" : support}`,
        means: "Postfix does not ask for DNSSEC, and so finds no TLSA record that it may use",
        todo: "postconf -e smtp_dns_support_level=dnssec, and reload",
      }),
    ];
  if (!hostLookup.split(/[\s,]+/).includes("dns"))
    return [
      problem("postfix host lookup", {
        found: `smtp_host_lookup is ${hostLookup}`,
        means: "addresses do not come from DNS, so none of them is proven",
        todo: "postconf -e smtp_host_lookup=dns, and reload",
      }),
    ];
  return [fine(check, `Postfix does DANE: smtp_tls_security_level is ${level}, smtp_dns_support_level is dnssec`)];
}

/** The fifth column of master.cf; `-` means what it meant before Postfix 3.0, or not, as compatibility_level has it. */
function chrooted({ files }: Examined): "yes" | "no" | "unknown" {
  const master = files.read("/etc/postfix/master.cf");
  if (master.kind !== "text") return "unknown";
  switch (/^smtp\s+unix\s+\S+\s+\S+\s+(\S+)/m.exec(master.text)?.[1]) {
    case "y":
      return "yes";
    case "n":
      return "no";
    default:
      return "unknown";
  }
}

export async function examineExim({ run }: Examined): Promise<readonly Finding[]> {
  const program = (await run("exim4", ["-bV"])) === null ? "exim" : "exim4";
  const built = await run(program, ["-bV"]);
  if (built === null) return [skipped("exim", "there is no Exim here")];
  const findings: Finding[] = [];
  if (!/\bDANE\b/.test(built))
    findings.push(
      problem("exim dane", {
        found: "this Exim was built without DANE",
        means: "it cannot do DANE",
        todo: "install a build with DANE, as Debian's exim4-daemon-light and -heavy are",
      }),
    );
  const dnssecOk = /dns_dnssec_ok\s*=\s*(-?[0-9]+)/.exec((await run(program, ["-bP", "dns_dnssec_ok"])) ?? "")?.[1];
  if (dnssecOk === "0")
    findings.push(
      problem("exim dns_dnssec_ok", {
        found: "dns_dnssec_ok is 0",
        means: "Exim asks without DNSSEC and does no DANE",
        todo: "set dns_dnssec_ok = 1 in the main part of its configuration",
      }),
    );
  else if (dnssecOk !== "1")
    findings.push(
      warning("exim dns_dnssec_ok", {
        found: `dns_dnssec_ok is ${dnssecOk ?? "not told"}`,
        means: "whether Exim asks for DNSSEC is left to the system's resolver",
        todo: "set dns_dnssec_ok = 1 in the main part of its configuration",
      }),
    );
  else findings.push(fine("exim dns_dnssec_ok", "dns_dnssec_ok is 1"));
  return [...findings, ...transports((await run(program, ["-bP", "transports"])) ?? "")];
}

/** Both are `*` unless somebody narrowed them; printed as `name = value` or, when empty, `name =`. */
function transports(printed: string): readonly Finding[] {
  return ["dnssec_request_domains", "hosts_try_dane"].flatMap((option) => {
    const values = [...printed.matchAll(new RegExp(`^\\s*${option}\\s*=[ \\t]*(.*)$`, "gm"))].map(([, value]) =>
      value!.trim(),
    );
    const narrowed = values.filter((value) => value !== "*");
    if (values.length === 0) return [];
    if (narrowed.length === 0) return [fine(`exim ${option}`, `${option} is * in every smtp transport`)];
    return [
      warning(`exim ${option}`, {
        found: `${option} is ${narrowed.map((value) => (value === "" ? "empty" : value)).join(" and ")} in a transport`,
        means: "Exim does no DANE for other destinations",
        todo: `take ${option} out of the transport, unless it is meant so`,
      }),
    ];
  });
}
