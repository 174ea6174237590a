/** Two replies to one question: the same rcode, the same AD, the same RRsets in the answer section? */
import type { Packet } from "dns-packet";
import type { Reply } from "./client.ts";

export interface Outcome {
  readonly rcode: string;
  readonly ad: boolean;
  /** RFC 8914. */
  readonly ede: readonly number[];
  /** One line a record, sorted; TTLs and letter case of names left out. */
  readonly answer: readonly string[];
}

export type Aspect = "no answer" | "rcode" | "AD" | "answer";

export function outcome(reply: Reply | null): Outcome | null {
  if (reply === null) return null;
  const { rcode, flag_ad } = reply.message as Packet & { readonly rcode: string; readonly flag_ad: boolean };
  const answer = new Set((reply.message.answers ?? []).map((record) => recordLine(record as unknown as DecodedRecord)));
  return { rcode, ad: flag_ad, ede: extendedErrors(reply.message), answer: [...answer].sort() };
}

const EDE_OPTION = 15;

function extendedErrors(message: Packet): number[] {
  const found = (message.additionals ?? []).find(({ type }) => type === "OPT");
  const options =
    (found as unknown as { options?: readonly { code: number; data: Buffer }[] } | undefined)?.options ?? [];
  return options.filter(({ code }) => code === EDE_OPTION).map(({ data }) => data.readUInt16BE(0));
}

/** In what two outcomes differ. */
export function differingAspects(ours: Outcome | null, theirs: Outcome | null): readonly Aspect[] {
  if (ours === null || theirs === null) return ours === theirs ? [] : ["no answer"];
  const aspects: Aspect[] = [];
  if (ours.rcode !== theirs.rcode) aspects.push("rcode");
  if (ours.ad !== theirs.ad) aspects.push("AD");
  if (ours.answer.join("\n") !== theirs.answer.join("\n")) aspects.push("answer");
  return aspects;
}

interface DecodedRecord {
  readonly name: string;
  readonly type: string;
  readonly data: unknown;
}

const namesInside = new Set(["exchange", "target", "mname", "rname", "signersName", "nextDomain", "replacement"]);
const nameTypes = new Set(["CNAME", "DNAME", "NS", "PTR"]);

function recordLine({ name, type, data }: DecodedRecord): string {
  const rdata = nameTypes.has(type)
    ? String(data).toLowerCase()
    : JSON.stringify(data, (key, value: unknown) => {
        if (namesInside.has(key) && typeof value === "string") return value.toLowerCase();
        return value;
      });
  return `${name.toLowerCase()} ${type} ${rdata}`;
}
