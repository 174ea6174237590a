/** Signed zones as the signers write them: one record a line, absolute owners, class left out by Knot. */

export interface ZoneLine {
  /** Lower case, with the final dot. */
  readonly owner: string;
  readonly type: string;
  readonly rdata: string;
  readonly text: string;
}

export function zoneLines(text: string): ZoneLine[] {
  return text
    .split("\n")
    .filter((line) => /^[^\s;$]/.test(line))
    .map((line) => {
      const words = line.split(/\s+/);
      const at = words.findIndex((word, i) => i > 0 && !/^[0-9]+$/.test(word) && word !== "IN");
      const type = words[at];
      if (type === undefined) throw new TypeError(`this is no record: ${line}`);
      return { owner: words[0]!.toLowerCase(), type, rdata: words.slice(at + 1).join(" "), text: line };
    });
}

export const zoneText = (lines: readonly ZoneLine[]): string => `${lines.map(({ text }) => text).join("\n")}\n`;

/** The type that an RRSIG covers, or null. */
export function covered(line: ZoneLine): string | null {
  return line.type === "RRSIG" ? line.rdata.split(" ")[0]! : null;
}

/** Like `line`, with other RDATA. */
export function withRdata(line: ZoneLine, rdata: string): ZoneLine {
  return { ...line, rdata, text: `${line.owner} 300 IN ${line.type} ${rdata}` };
}
