/**
 * A story: the lab's world, somebody between the resolver and the servers who lies when he is told to, with the keys of
 * whatever zone he likes, and questions one after the other. The scene, its costs and its bystander are those of
 * test/attacks; here each file tells one row of ATTACKS section B to its end.
 */
import type { Clock, Exchange } from "../../src/env/env.ts";
import { withSignatures } from "../../src/lab/sign-zone.ts";
import type { LabRRset } from "../../src/lab/zone.ts";
import { isOfType, type RRset } from "../../src/rrset/rrset.ts";
import { WireError } from "../../src/wire/cursor.ts";
import { decodeMessage, encodeMessage, type Message, type ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, type RRType, TYPE } from "../../src/wire/registry.ts";
import { attack, type Scene, type Setting } from "../attacks/fixture.ts";
import { type Lie, lying } from "../attacks/path.ts";

export interface Story extends Scene {
  /** From now on; null: the truth. */
  lie(lie: Lie | null): void;
  /** An RRset with the genuine signatures of a zone, as records; `as`: shown under another name than it was signed for. */
  signed(zone: string, rrset: Shown): ResourceRecord[];
  /** "www.good.lab. A > ns.good.lab." for each question since the last call. */
  transcript(): string[];
}

export interface Shown {
  readonly name: string;
  readonly type: RRType;
  readonly ttl?: number;
  readonly data: readonly [Uint8Array, ...Uint8Array[]];
  readonly as?: string;
}

export async function story(setting: Omit<Setting, "path">, play: (story: Story) => Promise<void>): Promise<void> {
  let current: Lie | null = null;
  const liar = lying((message, ask) => current?.(message, ask));
  const path: Setting["path"] = (exchange, clock) => overTheWire(liar(exchange), clock);
  await attack({ ...setting, path }, async (scene) => {
    let told = 0;
    const server = (address: string): string =>
      `${scene.lab.servers.find(({ addresses }) => addresses.includes(address))?.name ?? address}`;
    await play({
      ...scene,
      lie(lie) {
        current = lie;
      },
      signed(zone, { name, type, ttl = 3600, data, as }) {
        const rrset = { name: Name.parse(name), type, ttl, data, signatures: [] };
        return recordsOf(withSignatures(scene.lab.zone(zone), rrset), as);
      },
      transcript() {
        const since = scene.packets.slice(told);
        told = scene.packets.length;
        return since.map(({ name, type, to }) => `${name} ${type} > ${server(to)}`);
      },
    });
  });
}

/** What the liar made travels as octets, and whatever cannot be read is passed over, as net/ does. */
function overTheWire(exchange: Exchange, clock: Clock): Exchange {
  return async (ask, signal) => {
    const result = await exchange(ask, signal);
    if (result.kind !== "reply") return result;
    try {
      const octets = encodeMessage(result.message, { maxSize: 65535 });
      return { ...result, message: decodeMessage(octets), octets: octets.length };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (ask.transport === "tcp") return { kind: "garbled", why: error.message };
      await clock.sleep(ask.timeoutMs, signal);
      return { kind: "timeout", discarded: 1 };
    }
  };
}

export function recordsOf(rrset: LabRRset, as = `${rrset.name}`): ResourceRecord[] {
  const { type, ttl, data, signatures } = rrset;
  const record = (rrType: RRType, rdata: Uint8Array): ResourceRecord => ({
    name: Name.parse(as),
    type: rrType,
    class: CLASS.IN,
    ttl,
    rdata,
  });
  return [...data.map((rdata) => record(type, rdata)), ...signatures.map((rdata) => record(TYPE.RRSIG, rdata))];
}

/** Without the RRsets of these types and without their signatures. */
export function without(records: readonly ResourceRecord[], ...types: readonly RRType[]): ResourceRecord[] {
  const covered = ({ rdata }: ResourceRecord): RRType => (rdata[0]! << 8) | rdata[1]!;
  return records.filter(
    (record) => !types.includes(record.type) && !(record.type === TYPE.RRSIG && types.includes(covered(record))),
  );
}

export const withoutDenials = (records: readonly ResourceRecord[]): ResourceRecord[] =>
  without(records, TYPE.NSEC, TYPE.NSEC3);

export const EVIL = "6.6.6.6";
export const evil = Uint8Array.of(6, 6, 6, 6);

/** A referral: no answer, NS in the authority section, not authoritative. */
export function isReferral(message: Message, zone: string): boolean {
  const cut = Name.parse(zone);
  return !message.aa && message.authority.some((record) => record.type === TYPE.NS && record.name.equals(cut));
}

/** Addresses in an answer, whatever else is in it. */
export function hasAddress(rrsets: readonly RRset[], address: Uint8Array): boolean {
  return rrsets.some(
    (rrset) => isOfType(rrset, TYPE.A) && rrset.data.some((data) => Buffer.compare(data, address) === 0),
  );
}
