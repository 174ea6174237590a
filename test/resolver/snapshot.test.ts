/** A resolver that starts again with what another one knew: warm, and as suspicious as before. */
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry, readEntries, type Written } from "../../src/cache/snapshot.ts";
import type { ExchangeResult } from "../../src/env/env.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { Snapshot } from "../../src/resolver/snapshot.ts";
import type { ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { later, type Path, type Scene, scene } from "./scene.ts";

const names = [
  ["www.good.lab", "A"],
  ["_25._tcp.mx.good.lab", "TLSA"],
  ["_25._tcp.mx2.good.lab", "TLSA"],
  ["good.lab", "MX"],
  ["nobody.good.lab", "A"],
  ["www.good.lab", "TXT"],
  ["host.plain.lab", "A"],
] as const;

interface Kept {
  readonly body: Uint8Array;
  readonly savedAt: number;
  readonly says: readonly string[];
}

async function askAll(it: Scene): Promise<string[]> {
  const says: string[] = [];
  for (const [name, type] of names) says.push((await it.ask(name, type)).says);
  return says;
}

/** What a resolver that has answered all of these saves. */
async function kept(): Promise<Kept> {
  const snapshot = new Snapshot();
  let result: Kept | null = null;
  await scene({ parts: { snapshot } }, async (it) => {
    const says = await askAll(it);
    const savedAt = it.clock.unixSeconds();
    result = { body: Buffer.concat([...snapshot.entries(savedAt)]), savedAt, says };
  });
  return result!;
}

/** A resolver that has loaded this, `seconds` later. */
async function restarted(
  { body, savedAt }: Pick<Kept, "body" | "savedAt">,
  play: (it: Scene, trouble: string | null) => Promise<void>,
  { seconds = 0, path = (() => undefined) as Path } = {},
): Promise<void> {
  const snapshot = new Snapshot();
  const trouble = snapshot.load(body, savedAt - seconds, LAB_NOW);
  await scene({ parts: { snapshot } }, async (it) => {
    it.path = path;
    await play(it, trouble);
  });
}

/** Each entry that is about this name and type, otherwise. */
function altered(
  body: Uint8Array,
  about: readonly [string, number],
  change: (written: Written) => Written,
): Uint8Array {
  const [name, type] = about;
  return Buffer.concat(
    [...readEntries(body)].map((entry) => {
      if (entry.name.toString() !== name || entry.type !== type) return entry.octets;
      return encodeEntry(change(decodeEntry(entry.octets, 0)!))!;
    }),
  );
}

const isWalk = (packet: string): boolean => !/^\. (NS|DNSKEY)$/.test(packet);

describe("after a restart", () => {
  test("what was proven is proven again, without a walk; what is unsigned is asked for", async () => {
    const before = await kept();
    await restarted(before, async (it, trouble) => {
      expect(trouble).toBeNull();
      for (const [i, [name, type]] of names.entries()) {
        const seen = await it.ask(name, type);
        expect(seen.says, name).toBe(before.says[i]);
        const walked = seen.packets.filter(isWalk);
        if (name === "host.plain.lab") expect(walked).toContain("host.plain.lab. A");
        else expect(walked, name).toEqual([]);
      }
    });
  });

  test("it is AD with a proof of now, and the second time it comes from the cache", async () => {
    await restarted(await kept(), async (it) => {
      const seen = await it.ask("_25._tcp.mx.good.lab", "TLSA");
      expect(seen.answer.authenticated).toBe(true);
      expect((await it.ask("_25._tcp.mx.good.lab", "TLSA")).packets).toEqual([]);
    });
  });

  test("a name below a delegation that was saved needs one question", async () => {
    await restarted(await kept(), async (it) => {
      const seen = await it.ask("mx.good.lab", "AAAA");
      expect(seen.packets.filter(isWalk)).toEqual(["mx.good.lab. AAAA"]);
    });
  });

  test("TTLs went on by the calendar while nobody ran", async () => {
    const before = await kept();
    await restarted(before, async (it) => expect((await it.ask("www.good.lab")).answer.ttl).toBeLessThanOrEqual(3500), {
      seconds: 100,
    });
    await restarted(before, async (it) => expect((await it.ask("www.good.lab")).packets).toContain("www.good.lab. A"), {
      seconds: 3601,
    });
  });

  test("a clock that went back: nothing is used, and it is said", async () => {
    const before = await kept();
    await restarted(
      before,
      async (it, trouble) => {
        expect(trouble).toBe("it was saved 3600 s after now: the clock went back");
        expect((await it.ask("www.good.lab")).packets).toContain("www.good.lab. A");
      },
      { seconds: -3600 },
    );
  });

  test("what was loaded and not asked for is saved again, and lives no longer for it", async () => {
    const before = await kept();
    const snapshot = new Snapshot();
    snapshot.load(before.body, before.savedAt, LAB_NOW);
    await scene({ parts: { snapshot } }, async (it) => {
      await later(it.clock, 600);
      const again = [...readEntries(Buffer.concat([...snapshot.entries(it.clock.unixSeconds())]))];
      const www = again.find(({ name, type }) => name.toString() === "www.good.lab." && type === TYPE.A);
      expect(www?.until).toBeLessThanOrEqual(LAB_NOW + 3600);
      expect(decodeEntry(www!.octets, 0)!.message.answer[0]!.ttl).toBeLessThanOrEqual(3000);
    });
  });
});

describe("a forged snapshot", () => {
  const evil = (record: ResourceRecord): ResourceRecord =>
    record.type === TYPE.A ? { ...record, rdata: Uint8Array.of(6, 6, 6, 6) } : record;
  const wwwAddress = async (it: Scene) => {
    const seen = await it.ask("www.good.lab");
    const { verdict } = seen.answer;
    const octets = "value" in verdict ? [...verdict.value.rrsets[0]!.data[0]] : [];
    return { says: seen.says, octets, asked: seen.packets.includes("www.good.lab. A") };
  };
  const honest = async () => {
    let octets: number[] = [];
    await scene({}, async (it) => {
      octets = (await wwwAddress(it)).octets;
    });
    return { says: "secure answer", octets, asked: true };
  };

  test("another address under the old signature: the servers are asked, and nobody hears of it", async () => {
    const { body, savedAt } = await kept();
    const forged = altered(body, ["www.good.lab.", TYPE.A], (written) => ({
      ...written,
      message: { ...written.message, answer: written.message.answer.map(evil) },
    }));
    await restarted({ body: forged, savedAt }, async (it) => expect(await wwwAddress(it)).toEqual(await honest()));
  });

  test("an address without any signature: the same", async () => {
    const { body, savedAt } = await kept();
    const forged = altered(body, ["www.good.lab.", TYPE.A], (written) => ({
      ...written,
      message: { ...written.message, answer: written.message.answer.filter(({ type }) => type === TYPE.A).map(evil) },
    }));
    await restarted({ body: forged, savedAt }, async (it) => expect(await wwwAddress(it)).toEqual(await honest()));
  });

  test("an answer for an unsigned zone, which no resolver of ours saves, is not given out", async () => {
    const { body, savedAt } = await kept();
    const planted = [...readEntries(body)]
      .filter(({ name, type }) => name.toString() === "www.good.lab." && type === TYPE.A)
      .map((entry) => {
        const { message, ...rest } = decodeEntry(entry.octets, 0)!;
        const [record] = message.answer;
        const victim = Name.parse("host.plain.lab.");
        const question = [{ ...message.question[0]!, name: victim }];
        return encodeEntry({
          ...rest,
          message: { ...message, question, answer: [evil({ ...record!, name: victim })] },
        })!;
      });
    expect(planted).toHaveLength(1);
    await restarted({ body: Buffer.concat([body, ...planted]), savedAt }, async (it) => {
      const seen = await it.ask("host.plain.lab");
      expect(seen.says).toBe("insecure answer");
      expect(seen.packets).toContain("host.plain.lab. A");
      const { verdict } = seen.answer;
      expect("value" in verdict && [...verdict.value.rrsets[0]!.data[0]]).not.toEqual([6, 6, 6, 6]);
    });
    // Nor with CD, where nobody judges.
    await restarted({ body: Buffer.concat([body, ...planted]), savedAt }, async (it) => {
      const found = await it.clock.run(() => it.resolver.resolveUnchecked("host.plain.lab", "A"));
      expect([...found.answer[0]!.data[0]]).not.toEqual([6, 6, 6, 6]);
    });
  });

  test("keys of somebody else's: the chain is fetched anew", async () => {
    const { body, savedAt } = await kept();
    const flipped = (record: ResourceRecord): ResourceRecord => {
      const rdata = record.rdata.slice();
      rdata[rdata.length - 1]! ^= 1;
      return { ...record, rdata };
    };
    for (const about of [
      ["good.lab.", TYPE.DNSKEY],
      ["good.lab.", TYPE.DS],
      ["lab.", TYPE.DNSKEY],
      [".", TYPE.DNSKEY],
    ] as const) {
      const forged = altered(body, about, (written) => ({
        ...written,
        message: { ...written.message, answer: written.message.answer.map(flipped) },
      }));
      await restarted({ body: forged, savedAt }, async (it) => {
        expect((await it.ask("www.good.lab")).says, about.join(" ")).toBe("secure answer");
      });
    }
  });

  test("delegations to nowhere: failures end with them, and no unsigned delegation is taken from a file", async () => {
    const { body, savedAt } = await kept();
    const referrals = [...readEntries(body)].filter(({ kind }) => kind === "referral");
    expect(referrals.map(({ name }) => name.toString()).sort()).toEqual(["good.lab.", "lab."]);
    const nowhere = Buffer.concat(
      referrals.map(({ octets }) => {
        const written = decodeEntry(octets, 0)!;
        const additional = written.message.additional.map(evil);
        return encodeEntry({ ...written, message: { ...written.message, additional } })!;
      }),
    );
    const path: Path = ({ server }): "silence" | ExchangeResult | undefined =>
      server.address === "6.6.6.6" ? "silence" : undefined;
    await restarted(
      { body: nowhere, savedAt },
      async (it) => {
        await it.ask("www.good.lab");
        await later(it.clock, 6); // so long a failure is remembered
        expect((await it.ask("www.good.lab")).says).toBe("secure answer");
      },
      { path },
    );
  });
});

test("a body that is cut anywhere is refused whole, and never throws", async () => {
  const { body, savedAt } = await kept();
  const ends = new Set<number>([0]);
  let at = 0;
  for (const { octets } of readEntries(body)) {
    at += octets.length;
    ends.add(at);
  }
  for (let length = 0; length < body.length; length += 7) {
    const snapshot = new Snapshot();
    const trouble = snapshot.load(body.subarray(0, length), savedAt, LAB_NOW);
    expect(trouble === null, `${length} octets`).toBe(ends.has(length));
    if (trouble !== null) expect(snapshot.size).toBe(0);
  }
});

test("what an operator has forgotten does not come back from a snapshot", async () => {
  await restarted(await kept(), async (it) => {
    it.resolver.memory.flush(Name.parse("good.lab."), "below");
    expect((await it.ask("www.good.lab")).packets).toContain("www.good.lab. A");
  });
});
