/** The rules of docs/ARCHITECTURE.md as functions from sources to complaints, so that they can be tested on made-up ones. */

export interface Source {
  /** Relative to src/. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  /** As written between the braces, renamed or not; `*` and default imports as they stand. */
  readonly names: readonly string[];
  readonly at: number;
}

/** What each folder may import besides itself. Folders of one layer never import each other. */
const layers: Readonly<Record<string, number>> = {
  wire: 0,
  env: 1,
  rrset: 1,
  crypto: 1,
  dnssec: 2,
  net: 2,
  iterator: 3,
  cache: 4,
  resolver: 5,
  dane: 6,
  lab: 6,
  server: 6,
  picture: 6,
  mail: 7,
  page: 7,
  daemon: 8,
  cli: 9,
  "index.ts": 10,
  "main.ts": 10,
};

/** Stricter than its layer: the lab shares with what it tests only what is below judging. */
const onlyThese: Readonly<Record<string, readonly string[]>> = {
  lab: ["wire", "env", "rrset", "crypto"],
  "main.ts": ["cli"],
};

export function layerViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    localImports(source).flatMap(({ target, line }) => {
      const [from, to] = [folderOf(source.path), folderOf(target)];
      if (from === to) return [];
      const [above, below] = [layers[from], layers[to]];
      if (above === undefined || below === undefined) return [`${line}: ${from} or ${to} has no layer`];
      const allowed = onlyThese[from]?.includes(to) ?? below < above;
      return allowed ? [] : [`${line}: ${from} (${above}) may not import ${target} (${below})`];
    }),
  );
}

/** Files that reach themselves, once for each cycle, type-only imports included. */
export function cycles(sources: readonly Source[]): string[] {
  const next = new Map(sources.map((source) => [source.path, localImports(source).map(({ target }) => target)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      found.push([...trail.slice(seenAt), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}

interface Forbidden {
  readonly what: string;
  readonly pattern: RegExp;
  readonly allowedIn: readonly string[];
}

const SYSTEM = "env/system.ts";

/**
 * Time, chance and timers come as arguments; here is the one place that makes them. setImmediate tells no time: the
 * virtual clock waits with it until all is done that could be, the server's stream gathers what leaves together.
 */
const ambient: readonly Forbidden[] = [
  {
    what: "the time of day",
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s(]))|(?<!\bnew\s+)(?<![.\w])Date\s*\(/g,
    allowedIn: [SYSTEM],
  },
  { what: "a timer", pattern: /(?<![.\w])set(?:Timeout|Interval)\b/g, allowedIn: [SYSTEM] },
  {
    what: "setImmediate",
    pattern: /(?<![.\w])setImmediate\b/g,
    allowedIn: [SYSTEM, "env/virtual.ts", "server/stream.ts"],
  },
  {
    what: "performance",
    pattern: /(?<![.\w])performance\s*\.|\bprocess\s*\.\s*(?:hrtime|uptime)\b/g,
    allowedIn: [SYSTEM],
  },
  {
    what: "chance",
    pattern: /\bMath\s*\.\s*random\b|\brandom(?:Bytes|Int|Fill|FillSync|UUID)\b|\bgetRandomValues\b/g,
    allowedIn: [SYSTEM],
  },
  {
    what: "fetch",
    pattern: /(?<=[=(,:?&|;{}]\s*|\b(?:await|return|void|yield)\s+)fetch\s*\((?!\w+[?]?:)/g,
    allowedIn: [SYSTEM],
  },
  { what: "AbortSignal.timeout", pattern: /\bAbortSignal\s*\.\s*timeout\b/g, allowedIn: [SYSTEM] },
];

export function ambientViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const code = withoutComments(source.text, "and strings");
    return ambient
      .filter(({ allowedIn }) => !allowedIn.includes(source.path))
      .flatMap(({ what, pattern }) =>
        [...code.matchAll(pattern)].map((match) => `${place(source, match.index)}: ${what} (${match[0].trim()})`),
      );
  });
}

const sockets = /^node:(?:dgram|net|tls|http|https|http2|dns|quic)(?:\/|$)/;
const mayOpenSockets = ["net", "server", "lab", "mail", "page", "daemon"];
/** Pure folders: they run wherever JavaScript does. */
const withoutNode = ["wire", "rrset", "dnssec", "iterator", "cache"];
/** Packages and the folders they are for (docs/dependencies.md). */
const packages: Readonly<Record<string, readonly string[]>> = {
  "@noble/curves": ["crypto"],
  "@noble/hashes": ["crypto"],
  "lru-cache": ["cache", "resolver", "page", "daemon"],
  "dns-packet": ["lab", "resolver"],
  "@dagrejs/dagre": ["picture"],
  "@peculiar/asn1-csr": ["mail"],
  "@peculiar/asn1-schema": ["dane", "mail"],
  "@peculiar/asn1-x509": ["dane", "mail"],
  pino: ["daemon"],
  "prom-client": ["daemon"],
  "smol-toml": ["daemon"],
};

export function outsideViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const folder = folderOf(source.path);
    return importsOf(source.text).flatMap(({ specifier, names, at }) => {
      if (specifier.startsWith(".")) return [];
      const complain = (why: string): string[] => [`${place(source, at)}: ${specifier}: ${why}`];
      if (specifier.startsWith("node:")) {
        if (withoutNode.includes(folder)) return complain(`${folder} does without Node`);
        // node:dns for the names of its flags and no more
        if (specifier === "node:dns" && names.every((name) => /^[A-Z0-9]+$/.test(name))) return [];
        if (sockets.test(specifier) && !mayOpenSockets.includes(folder)) return complain(`no sockets in ${folder}`);
        return [];
      }
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      const allowed = packages[name];
      if (allowed === undefined) return complain("is no dependency");
      return allowed.includes(folder) ? [] : complain(`is for ${allowed.join(" and ")}`);
    });
  });
}

const mints = /^mint[A-Z]/;

/** What makes a verdict may be imported by judges only. */
export function mintViolations(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => folderOf(path) !== "dnssec")
    .flatMap((source) =>
      importsOf(source.text).flatMap(({ names, specifier, at }) => {
        const wholeModule = names.some((name) => name.startsWith("*")) && specifier.includes("/dnssec/");
        const minting = names.filter((name) => mints.test(name));
        if (wholeModule) return [`${place(source, at)}: all of ${specifier}, mints included`];
        return minting.map((name) => `${place(source, at)}: ${name}`);
      }),
    );
}

/** The library's door holds nothing but `export … from`. */
export function doorViolations({ path, text }: Source): string[] {
  const statements = withoutComments(text, "only")
    .split(";")
    .map((statement) => statement.trim());
  return statements
    .filter((statement) => statement !== "" && !/^export\s+(?:type\s+)?\{[^}]*\}\s*from\s*"\.[^"]*"$/.test(statement))
    .map((statement) => `${path}: ${statement.slice(0, 60)}`);
}

export function lengthViolations(sources: readonly Source[], most = 400): string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > most)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

export interface RfcRow {
  readonly numbers: readonly number[];
  readonly met: string;
  readonly where: readonly string[];
}

/** Rows of the table in docs/rfc.md: numbers, what is met, and the places in backticks. */
export function rfcRows(markdown: string): RfcRow[] {
  return markdown
    .split("\n")
    .filter((line) => /^\|\s*[0-9]/.test(line))
    .map((line) => {
      const [numbers = "", , met = "", where = ""] = line
        .split("|")
        .slice(1)
        .map((cell) => cell.trim());
      return {
        numbers: [...numbers.matchAll(/[0-9]+/g)].map(([number]) => Number(number)),
        met,
        where: [...where.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
      };
    });
}

/** `RFC 4035 §5.3`, `RFC 5155`, `RFCs 4034 and 4035`; comments and texts count alike. */
export function citedRfcs(text: string): number[] {
  return [
    ...text.matchAll(/\bRFCs?\s+([0-9]{3,5}(?:(?:,| and|, and)\s+[0-9]{3,5}(?![0-9]*\s*(?:ms|octets|s\b)))*)/g),
  ].flatMap(([, numbers]) => [...numbers!.matchAll(/[0-9]+/g)].map(([number]) => Number(number)));
}

export function rfcViolations(sources: readonly Source[], rows: readonly RfcRow[]): string[] {
  const known = new Set(rows.flatMap(({ numbers }) => numbers));
  const cited = new Set(sources.flatMap(({ text }) => citedRfcs(text)));
  const paths = sources.map(({ path }) => path);
  const unknown = sources.flatMap(({ path, text }) =>
    [...new Set(citedRfcs(text))]
      .filter((number) => !known.has(number))
      .map((number) => `${path}: RFC ${number} has no row`),
  );
  const uncited = rows
    .filter(({ met }) => /^yes\b/.test(met))
    .flatMap(({ numbers }) => numbers.filter((number) => !cited.has(number)))
    .map((number) => `RFC ${number} is met, says its row, but cited nowhere`);
  const nowhere = rows.flatMap(({ numbers, where }) =>
    where
      .filter((place) => !paths.some((path) => (place.endsWith("/") ? path.startsWith(place) : path === place)))
      .map((place) => `RFC ${numbers.join(", ")}: there is no src/${place}`),
  );
  const twice = rows.flatMap(({ numbers }) => numbers).filter((number, i, all) => all.indexOf(number) !== i);
  return [...unknown, ...uncited, ...nowhere, ...twice.map((number) => `RFC ${number} has two rows`)];
}

/** Where somebody's machine shows: homes, checkouts, package registries. */
const machines =
  /(?<![\w.*-])\/(?:work|root|home\/[a-z]+|Users\/[A-Za-z]+)\/\w[^\s"'`)]*|\bregistry\.[a-z]+[a-z.-]*\.(?:org|com|io)\b/g;

export function machineViolations(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    [...file.text.matchAll(machines)].map((match) => `${place(file, match.index)}: ${match[0].trim()}`),
  );
}

export function importsOf(text: string): Import[] {
  const code = withoutComments(text, "only");
  const clauses = [...code.matchAll(/\b(?:import|export)\b(?!\s*\()([^;"'`()]*?)\bfrom\s*["']([^"']+)["']/g)];
  const bare = [...code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g)];
  return [
    ...clauses.map((match) => ({ specifier: match[2]!, names: namesIn(match[1]!), at: match.index })),
    ...bare.map((match) => ({ specifier: match[1]!, names: ["*"], at: match.index })),
  ];
}

function namesIn(clause: string): string[] {
  return clause
    .replace(/^\s*type\b(?!\s*,)/, "")
    .split(/[{},]/)
    .map((name) => name.trim().replace(/^type\s+/, ""))
    .filter((name) => name !== "")
    .map((name) => name.split(/\s+as\s+/)[0]!);
}

function localImports(source: Source): { readonly target: string; readonly line: string }[] {
  return importsOf(source.text)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, at }) => ({ target: resolved(source.path, specifier), line: place(source, at) }));
}

function resolved(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const folderOf = (path: string): string => path.split("/")[0]!;

const place = ({ path, text }: Source, at: number): string => `${path}:${text.slice(0, at).split("\n").length}`;

/** The same text, as long as before, with blanks for comments, and on request for what stands in quotes and regular expressions. */
export function withoutComments(text: string, strings: "only" | "and strings"): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=(?:^|[=(,:;!&|?{}[\n]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
  return text.replace(token, (found) => {
    const isComment = found.startsWith("//") || found.startsWith("/*");
    if (!isComment && strings === "only") return found;
    // what a template computes is code
    if (found.startsWith("`")) return found.replace(/\$\{[^{}]*\}|[^\n]/g, (part) => (part.length > 1 ? part : " "));
    return found.replace(/[^\n]/g, " ");
  });
}
