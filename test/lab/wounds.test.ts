import { describe, expect, it } from "vitest";
import { decoyKey } from "../../src/lab/key-trap.ts";
import type { World } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW, world, woundNamed, wounds } from "../../src/lab/wounds.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { decodeRdata } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { ask, octetsFrom, query, rrsets, summary, texts } from "./ask.ts";

const sound = world();

/** All that a resolver may see on its way to a wound's question. */
function seen(lab: World, question: readonly [string, string]): Map<string, string> {
  const replies = new Map<string, string>([["anchors", lab.anchors]]);
  const names = ["good.lab", "plain.lab", "good.hash"];
  const questions: (readonly [string, string])[] = [question, ["lab", "DNSKEY"]];
  for (const name of names) questions.push([name, "DS"], [name, "DNSKEY"], [`nobody.${name}`, "A"]);
  for (const server of lab.servers) {
    for (const asked of questions) {
      const octets = lab.answer(query(...asked), server.addresses[0]!, "udp");
      replies.set(
        `${server.name} ${asked.join(" ")}`,
        octets === null ? "silence" : Buffer.from(octets).toString("hex"),
      );
    }
    const streamed = lab.answer(query(...question), server.addresses[0]!, "tcp");
    replies.set(`${server.name} by TCP`, streamed === null ? "silence" : Buffer.from(streamed).toString("hex"));
  }
  return replies;
}

describe("the table of wounds", () => {
  it("names each once, with a question in the sound world and a reason unless the answer is secure", () => {
    expect(new Set(wounds.map(({ name }) => name)).size).toBe(wounds.length);
    expect(wounds.length).toBeGreaterThan(80);
    for (const { name, status, reason } of wounds)
      expect(`${name}: ${reason !== null}`).toBe(`${name}: ${status !== "secure"}`);
  });

  for (const { name, what, question } of wounds) {
    if (what.startsWith("nothing is wrong") && name !== "changed TLSA, signed again") continue;
    it(`${name}: shows on the wire`, () => {
      const asked = [question.name, question.type] as const;
      const before = seen(sound, asked);
      const after = seen(world().wound(name), asked);
      expect([...after].filter(([key, value]) => before.get(key) !== value).length).toBeGreaterThan(0);
    });
  }

  it("leaves the sound world as it was", () => {
    const before = seen(sound, ["www.good.lab", "A"]);
    for (const { name } of wounds) sound.wound(name);
    expect(seen(sound, ["www.good.lab", "A"])).toEqual(before);
    expect(soundWorld.servers).toBeUndefined();
  });

  it("hands out the wound with its world", () => {
    expect(sound.wound("key trap").wound).toBe(woundNamed("key trap"));
    expect(sound.wound("key trap").now).toBe(LAB_NOW);
  });
});

describe("single wounds on the wire", () => {
  const www = ["www.good.lab", "A"] as const;
  const signatureOf = (lab: World, [name, type]: readonly [string, string]) => {
    const rrsig = ask(lab, "ns.good.lab", [name, type], { transport: "tcp" }).answer.find(
      (record) => record.type === TYPE.RRSIG,
    );
    return decodeRdata(TYPE.RRSIG, rrsig!.rdata);
  };

  it("expired, not yet valid, and the wrong way round", () => {
    expect(signatureOf(sound.wound("expired signature"), www).expiration).toBeLessThan(LAB_NOW);
    expect(signatureOf(sound.wound("signature not yet valid"), www).inception).toBeGreaterThan(LAB_NOW);
    const backward = signatureOf(sound.wound("expiration before inception"), www);
    expect(backward.expiration).toBeLessThan(backward.inception);
  });

  it("stripped: of its own RRSIG only", () => {
    const lab = sound.wound("stripped signature");
    expect(summary(ask(lab, "ns.good.lab", www).answer)).toEqual(["www.good.lab. A"]);
    expect(summary(ask(lab, "ns.good.lab", ["mx.good.lab", "A"]).answer)).toContain("mx.good.lab. RRSIG A");
  });

  it("corrupted: one octet of the signature", () => {
    const [good, bad] = [
      signatureOf(sound, www).signature,
      signatureOf(sound.wound("corrupted signature"), www).signature,
    ];
    expect([...good].filter((octet, i) => octet !== bad[i])).toHaveLength(1);
  });

  it("denials missing: nothing but the SOA", () => {
    const reply = ask(sound.wound("missing denial"), "ns.good.lab", ["nobody.good.lab", "A"]);
    expect(rrsets(reply.authority)).toEqual(["good.lab. SOA"]);
  });

  it("a wildcard replayed: the closer name's answer with the wildcard's labels", () => {
    const lab = sound.wound("wildcard replayed for an existing name");
    expect(texts(ask(lab, "ns.good.lab", ["closer.wild.good.lab", "A"]).answer, "A")).toEqual(["192.0.2.99"]);
    expect(signatureOf(lab, ["closer.wild.good.lab", "A"]).labels).toBe(3);
  });

  it("a key trap: 20 keys and 20 signatures of one tag", () => {
    const lab = sound.wound("key trap");
    const keys = ask(lab, "ns.good.lab", ["good.lab", "DNSKEY"], { transport: "tcp" }).answer.filter(
      ({ type }) => type === TYPE.DNSKEY,
    );
    const tag = signatureOf(lab, www).keyTag;
    expect(keys.filter(({ rdata }) => keyTag(rdata) === tag)).toHaveLength(20);
    expect(
      ask(lab, "ns.good.lab", www, { transport: "tcp" }).answer.filter(({ type }) => type === TYPE.RRSIG),
    ).toHaveLength(20);
    expect(ask(lab, "ns.good.lab", www)).toMatchObject({ tc: true });
  });

  it("500 iterations: in every NSEC3 and in NSEC3PARAM", () => {
    const reply = ask(sound.wound("500 iterations"), "ns.good.hash", ["nobody.good.hash", "A"]);
    for (const text of texts(reply.authority, "NSEC3")) expect(text).toMatch(/^1 0 500 /);
    expect(
      texts(ask(sound.wound("500 iterations"), "ns.good.hash", ["good.hash", "NSEC3PARAM"]).answer, "NSEC3PARAM"),
    ).toEqual(["1 0 500 -"]);
  });

  it("an impersonated NSEC3: owned by the hash of the parent's apex, signed by a child of that very name", () => {
    const reply = ask(sound.wound("NSEC3 impersonation"), "ns.good.hash", ["www.good.hash", "A"]);
    expect(reply.rcode).toBe(3);
    const nsec3 = reply.authority.find(({ type }) => type === TYPE.NSEC3)!;
    const rrsig = reply.authority.find(
      ({ type, rdata }) => type === TYPE.RRSIG && ((rdata[0]! << 8) | rdata[1]!) === TYPE.NSEC3,
    )!;
    expect(decodeRdata(TYPE.RRSIG, rrsig.rdata).signer.equals(nsec3.name)).toBe(true);
    expect(ask(sound.wound("NSEC3 impersonation"), "ns.good.hash", [`${nsec3.name}`, "DS"]).answer).not.toEqual([]);
  });

  it("a stuffed denial: more NSEC3 RRsets than any proof needs", () => {
    const reply = ask(sound.wound("stuffed denial"), "ns.good.hash", ["nobody.good.hash", "A"], { transport: "tcp" });
    expect(texts(reply.authority, "NSEC3").length).toBeGreaterThan(15);
  });

  it("servers that are silent, refuse, send garbage, cut everything off or take EDNS for a mistake", () => {
    const tlsa = ["_25._tcp.mx.good.lab", "TLSA"] as const;
    const dropped = sound.wound("TLSA dropped");
    expect(octetsFrom(dropped, "ns.good.lab", tlsa)).toBeNull();
    expect(octetsFrom(dropped, "ns.good.lab", www)).not.toBeNull();
    expect(ask(sound.wound("TLSA refused"), "ns.good.lab", tlsa).rcode).toBe(5);
    expect(() => decodeMessage(octetsFrom(sound.wound("garbage"), "ns.good.lab", www)!)).toThrow();
    expect(ask(sound.wound("always truncated"), "ns.good.lab", www)).toMatchObject({ tc: true, answer: [] });
    expect(ask(sound.wound("always truncated"), "ns.good.lab", www, { transport: "tcp" })).toMatchObject({ tc: false });
    const old = sound.wound("FORMERR to EDNS");
    expect(ask(old, "ns.good.lab", www)).toMatchObject({ rcode: 1, edns: null });
    expect(ask(old, "ns.good.lab", www, { edns: null })).toMatchObject({ rcode: 0 });
    const deaf = ask(sound.wound("DO ignored"), "ns.good.lab", www);
    expect(summary(deaf.answer)).toEqual(["www.good.lab. A"]);
    expect(deaf.edns).toMatchObject({ dnssecOk: false });
  });
});

describe("decoy keys", () => {
  it("have any tag that is wanted, and differ from each other", () => {
    for (const tag of [0, 1, 469, 0x8000, 0xfffe, 0xffff]) {
      const keys = [0, 1, 2, 3, 4].map((ordinal) => decoyKey(tag, ordinal));
      expect(keys.map(keyTag)).toEqual([tag, tag, tag, tag, tag]);
      expect(new Set(keys.map((rdata) => Buffer.from(rdata).toString("hex"))).size).toBe(5);
    }
  });
});
