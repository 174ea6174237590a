/** A reply as the tests look at it. */
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { rcodeToText, typeToText } from "../../src/wire/registry.ts";

export interface Seen {
  readonly message: Message;
  readonly rcode: string;
  /** "www.example. A 300": sections as lines, data left out. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly ede: readonly { readonly code: number; readonly text: string }[];
  readonly octets: number;
}

export function see(octets: Uint8Array | null): Seen {
  if (octets === null) throw new Error("there was no reply");
  const message = decodeMessage(octets);
  const lines = (records: Message["answer"]) =>
    records.map(({ name, type, ttl }) => `${name} ${typeToText(type)} ${ttl}`);
  const ede = (message.edns?.options ?? [])
    .filter((option) => option.code === 15)
    .map(({ data }) => ({ code: (data[0]! << 8) | data[1]!, text: new TextDecoder().decode(data.subarray(2)) }));
  return {
    message,
    rcode: rcodeToText(message.rcode),
    answer: lines(message.answer),
    authority: lines(message.authority),
    ede,
    octets: octets.length,
  };
}
