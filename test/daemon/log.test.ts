import { describe, expect, it } from "vitest";
import { requestFrom } from "../../src/daemon/control.ts";
import { failuresLog } from "../../src/daemon/failures-log.ts";
import { createLog, type LogOptions } from "../../src/daemon/log.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { answer, broken, question } from "../server/answers.ts";

function logged(options: Partial<LogOptions> = {}) {
  const clock = virtualClock({ unixSeconds: 1_800_000_000 });
  let text = "";
  const log = createLog({
    level: "info",
    format: "human",
    linesPerSecond: 2,
    clock,
    write: (line) => {
      text += line;
    },
    isJournal: false,
    worker: null,
    ...options,
  });
  return { log, clock, text: () => text };
}

describe("the log", () => {
  it("is one line for people, with what is not printable escaped", () => {
    const { log, text } = logged();
    log.info("a\nrootwalk: forged \u001b[31m \u202e");
    expect(text()).toBe("rootwalk: a\\u000arootwalk: forged \\u001b[31m \\u202e\n");
  });

  it("is JSON for programs, and has systemd's levels for its journal", () => {
    const json = logged({ format: "json", worker: 2 });
    json.log.warn("a\nb", { event: "x" });
    expect(JSON.parse(json.text())).toMatchObject({ level: 40, worker: 2, event: "x", msg: "a\nb" });
    const journal = logged({ isJournal: true, worker: 2 });
    journal.log.error("c");
    expect(journal.text()).toBe("<3>rootwalk[2]: c\n");
  });

  it("has levels, and they change", () => {
    const { log, text } = logged({ level: "warn" });
    log.info("no");
    log.setLevel("debug");
    log.debug("yes");
    expect(text()).toBe("rootwalk: yes\n");
  });

  it("counts what is beyond its bound, and tells it when there is room again", async () => {
    const { log, clock, text } = logged();
    for (let i = 0; i < 1000; i++) log.info("x");
    expect(text().split("\n")).toHaveLength(21);
    await clock.advance(1000);
    log.info("y");
    expect(text()).toContain("rootwalk: 980 lines were left out: more than 2 in a second\nrootwalk: y\n");
  });

  it("tells a failed answer once a minute, with reason and extended error, without data", async () => {
    const { log, clock, text } = logged({ format: "json", linesPerSecond: 100 });
    const tell = failuresLog(log, clock);
    const bad = answer(question("x.example.", 52), broken("bogus", "signature expired", "x.example.", "it expired"));
    for (let i = 0; i < 5; i++) tell(bad);
    expect(text().trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(text())).toMatchObject({
      event: "failed answer",
      name: "x.example.",
      type: "TLSA",
      status: "bogus",
      code: "signature expired",
      msg: "x.example. TLSA is bogus: it expired",
    });
    await clock.advance(61_000);
    tell(bad);
    expect(text().trim().split("\n")).toHaveLength(2);
  });
});

describe("a request to the control socket", () => {
  it.each([
    ["", "a request is one JSON object a line"],
    ["[]", "there is no request undefined"],
    ["null", "a request is one JSON object a line"],
    ['{"do":"__proto__"}', 'there is no request "__proto__"'],
    ['{"do":"flush"}', "flush needs a name"],
    ['{"do":"flush","name":"a","scope":"all"}', "flush needs a name"],
    ['{"do":"lookup","name":1}', "lookup needs a name"],
    ['{"do":"log-level","level":"loud"}', "log-level needs one of error, warn"],
  ])("%s is refused", (line, why) => expect(requestFrom(line)).toContain(why));

  it("is taken with its defaults", () => {
    expect(requestFrom('{"do":"flush","name":"a"}')).toEqual({ do: "flush", name: "a", scope: "name" });
  });
});
