/** RRSIG's times in zone files: YYYYMMDDHHmmSS in UTC, or seconds. RFC 4034 §3.2. Pure arithmetic, no calendar of the host's. */

/** Seconds since 1970, 32 bits. */
export function timeToText(seconds: number): string {
  const { year, month, day } = dateOf(Math.floor(seconds / 86_400));
  const inDay = seconds % 86_400;
  const parts = [month, day, Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60];
  return year + parts.map((part) => String(part).padStart(2, "0")).join("");
}

/** Modulo 2^32, for the field is a serial number (RFC 4034 §3.1.5). Null if it is no time. */
export function timeFromText(text: string): number | null {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text) < 2 ** 32 ? Number(text) : null;
  const match = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as Parts;
  if (year < 1970 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const days = daysBefore(year, month) + day - 1;
  if (day < 1 || dateOf(days).month !== month) return null; // 31 April
  return (days * 86_400 + hour * 3600 + minute * 60 + second) % 2 ** 32;
}

type Parts = [year: number, month: number, day: number, hour: number, minute: number, second: number];

/** Days from 1970-01-01 to the first of the month. Years begin in March here, so that the leap day is their last. */
function daysBefore(year: number, month: number): number {
  const inMarchYear = (month + 9) % 12;
  const y = month > 2 ? year : year - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + monthDays(inMarchYear) - 719_468;
}

/** Days before the month counted from March: 31, 30, 31, 30, 31, and again. */
const monthDays = (inMarchYear: number): number => Math.floor((inMarchYear * 153 + 2) / 5);

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysBefore(year + 1, 1) <= days) year += 1;
  while (daysBefore(year, 1) > days) year -= 1;
  let month = 12;
  while (daysBefore(year, month) > days) month -= 1;
  return { year, month, day: days - daysBefore(year, month) + 1 };
}
