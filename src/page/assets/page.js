/** The dashboard: numbers every two seconds, and a question when somebody asks one. Texts go in as text, never as HTML. */
const EVERY_MS = 2000;
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
/** The numbers before these: rates are differences. */
let before = null;

function element(name, { text, kind, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind !== undefined) made.className = kind;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const row = (...cells) => element("tr", {}, ...cells);
const cell = (text, kind) => element("td", { text, kind });
const count = (value) => value.toLocaleString("en");
const share = (part, whole) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %`);
const time = (ms) => (ms === null ? "–" : ms < 10 ? `${Number(ms.toPrecision(2))} ms` : `${Math.round(ms)} ms`);
const total = (outcomes) => Object.values(outcomes).reduce((sum, value) => sum + value, 0);

function duration(seconds) {
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  for (const [unit, size] of units) {
    const value = Math.floor(seconds / size);
    if (value >= 1) return `${value} ${unit}${value === 1 ? "" : "s"}`;
  }
  return "no time";
}

async function poll() {
  try {
    const response = await fetch("/status.json", { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`the daemon says ${response.status}`);
    show(await response.json());
    byId("trouble").hidden = true;
  } catch (error) {
    byId("trouble").textContent = `No numbers: ${error.message}`;
    byId("trouble").hidden = false;
  }
  setTimeout(poll, EVERY_MS);
}

function show(status) {
  const { counts } = status;
  const workers = status.workers === 1 ? "" : `, ${status.workers} workers`;
  byId("about").textContent =
    `${status.version} on ${status.listening.join(", ")}${workers}, up for ${duration(status.now - status.since)}`;
  showTiles(status);
  showHistory(counts.history);
  showOutcomes(counts.outcomes);
  showLatency(status.quantilesMs);
  showFailures(counts.failures, status.now);
  byId("servers").tBodies[0].replaceChildren(
    ...counts.upstream.servers.map(({ server, asked, silent, rttMs }) =>
      row(cell(server), cell(count(asked), "number"), cell(count(silent), "number"), cell(time(rttMs), "number")),
    ),
  );
  before = status;
}

function showTiles({ now, counts, memory }) {
  const answered = total(counts.outcomes);
  const seconds = before === null ? 0 : now - before.now;
  const gained = before === null ? 0 : answered - total(before.counts.outcomes);
  const askedUpstream = before === null ? 0 : counts.upstream.asked - before.counts.upstream.asked;
  const rate = (value) => (seconds > 0 && value >= 0 ? (value / seconds).toFixed(value / seconds < 10 ? 1 : 0) : "–");
  const tiles = [
    ["a second", rate(gained)],
    ["in all", count(answered)],
    ["from cache", share(counts.fromCache, answered)],
    ["upstream a second", rate(askedUpstream)],
    ["upstream silent", share(counts.upstream.silent, counts.upstream.asked)],
    ...(memory.cachedAnswers === null ? [] : [["cached answers", count(memory.cachedAnswers)]]),
    ...(memory.residentOctets === null ? [] : [["memory", `${Math.round(memory.residentOctets / 2 ** 20)} MiB`]]),
  ];
  byId("tiles").replaceChildren(
    ...tiles.map(([name, value]) => element("div", {}, element("dt", { text: name }), element("dd", { text: value }))),
  );
}

function showHistory({ answered, failed }) {
  const most = Math.max(1, ...answered);
  const width = 600 / answered.length;
  const bar = (kind, x, y, height) => shape("rect", { class: kind, x, y, width: width - 0.8, height });
  const bars = answered.flatMap((value, i) => {
    const up = Math.max((60 * value) / most, 1);
    const down = Math.max((28 * failed[i]) / most, 2);
    return [
      ...(value > 0 ? [bar("answered", i * width, 60 - up, up)] : []),
      ...(failed[i] > 0 ? [bar("failed", i * width, 61, down)] : []),
    ];
  });
  byId("history").replaceChildren(shape("line", { class: "base", x1: 0, x2: 600, y1: 60.5, y2: 60.5 }), ...bars);
}

function showOutcomes(outcomes) {
  const all = total(outcomes);
  byId("outcomes").tBodies[0].replaceChildren(
    ...Object.entries(outcomes).map(([outcome, value]) => {
      const bar = shape("svg", { class: `bar ${outcome}`, viewBox: "0 0 100 10", preserveAspectRatio: "none" });
      bar.setAttribute("aria-hidden", "true");
      bar.append(shape("rect", { width: all === 0 ? 0 : (100 * value) / all, height: 10 }));
      return row(
        element("th", { scope: "row", text: outcome }),
        element("td", {}, bar),
        cell(count(value), "number"),
        cell(share(value, all), "number"),
      );
    }),
  );
}

function showLatency({ half, most, nearlyAll }) {
  const rows = [
    ["half within", half],
    ["95 of 100 within", most],
    ["99 of 100 within", nearlyAll],
  ];
  byId("latency").tBodies[0].replaceChildren(
    ...rows.map(([name, value]) => row(element("th", { scope: "row", text: name }), cell(time(value), "number"))),
  );
}

function showFailures(failures, now) {
  const table = byId("failures");
  table.hidden = failures.length === 0;
  byId("no-failures").hidden = failures.length > 0;
  // What somebody is about to press stays where it is.
  if (table.matches(":hover") || table.contains(document.activeElement)) return;
  table.tBodies[0].replaceChildren(
    ...failures.slice(0, 20).map(({ at, name, type, status, code, detail, times }) => {
      const again = element("button", { kind: "plain", type: "button", text: `${name} ${type}` });
      again.addEventListener("click", () => askFor(name, type));
      const reason = element("td", {}, element("span", { kind: `status ${status}`, text: code }), ` ${detail}`);
      if (times > 1) reason.append(element("span", { kind: "soft", text: ` (${count(times)} times)` }));
      return row(cell(`${duration(Math.max(1, now - at))} ago`, "when"), element("td", {}, again), reason);
    }),
  );
}

function askFor(name, type) {
  byId("name").value = name;
  byId("type").value = type;
  byId("ask").requestSubmit();
  byId("ask").scrollIntoView({ block: "start" });
}

async function ask(event) {
  event.preventDefault();
  const question = { name: byId("name").value.trim(), type: byId("type").value.trim().toUpperCase() };
  const button = byId("ask").querySelector("button");
  button.disabled = true;
  byId("answer").setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/ask", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
    });
    if (!response.ok) throw new Error(await response.text());
    showAnswer(await response.json());
    history.replaceState(null, "", `#${new URLSearchParams(question)}`);
  } catch (error) {
    byId("answer").replaceChildren(element("p", { kind: "trouble", text: error.message }));
  } finally {
    button.disabled = false;
    byId("answer").removeAttribute("aria-busy");
  }
}

function showAnswer({ picture, records, elapsedMs, svg, tree }) {
  const { status, headline, reason } = picture;
  const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const box = element("div", { kind: "drawing", tabindex: "0", role: "group", "aria-label": "chain of trust" });
  box.append(document.importNode(drawing, true));
  const codes = reason.dnsviz.length === 0 ? "" : ` (DNSViz: ${reason.dnsviz.join(", ")})`;
  byId("answer").replaceChildren(
    element("p", {}, element("span", { kind: `status ${status}`, text: headline }), `, in ${time(elapsedMs)}`),
    element("p", { text: `${reason.text}${codes}` }),
    ...(records.length === 0 ? [] : [element("pre", { text: records.join("\n") })]),
    box,
    element("details", {}, element("summary", { text: "the same as text" }), element("pre", { text: tree })),
  );
}

byId("ask").addEventListener("submit", ask);
const linked = new URLSearchParams(location.hash.slice(1));
if (linked.has("name")) {
  byId("name").value = linked.get("name");
  byId("type").value = linked.get("type") ?? "A";
}
poll();
