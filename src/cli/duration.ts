/** "14d", "36h", "90m", "3600" (seconds): durations as people write them. */
import { UsageError } from "./command.ts";

const SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

export function secondsFrom(text: string, option: string): number {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhdw]?)$/.exec(text);
  if (match === null)
    throw new UsageError(`${option} is "${text}": a number with s, m, h, d or w behind it expected, as in 14d`);
  return Number(match[1]) * SECONDS[match[2]!]!;
}

/** The two largest units: "2 d 3 h". */
export function durationText(seconds: number): string {
  const parts: string[] = [];
  let left = Math.max(0, Math.round(seconds));
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.join(" ") || "0 s";
}
