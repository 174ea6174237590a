/** What a row of the tables of wounds says. */
import type { Injury } from "../injure.ts";

export interface Wound {
  readonly name: string;
  /** What is wrong, as a sentence's part. */
  readonly what: string;
  readonly question: { readonly name: string; readonly type: string };
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
  /** The failure's code or the kind of insecurity; null where the answer is secure all the same. */
  readonly reason: string | null;
  readonly inflict: Injury;
}
