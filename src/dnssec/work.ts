/**
 * One work budget per client question, shared by all sub-fetches, retries and restarts: KeyTrap (CVE-2023-50387), NSEC3
 * hashing (CVE-2023-50868), restarts that reset counters (CVE-2026-50045). Running out is a Failure, never insecure.
 */

export type WorkKind = "signatures" | "failedSignatures" | "hashes" | "digests" | "queries" | "octets" | "nsLookups";

export type WorkLimits = Readonly<Record<WorkKind, number>>;

export class WorkBudget {
  readonly limits: WorkLimits;
  readonly spent: Record<WorkKind, number> = {
    signatures: 0,
    failedSignatures: 0,
    hashes: 0,
    digests: 0,
    queries: 0,
    octets: 0,
    nsLookups: 0,
  };
  /** The first kind that ran out. */
  exhausted: WorkKind | null = null;

  constructor(limits: WorkLimits) {
    this.limits = limits;
  }

  /** True if any work of this kind is left; counts nothing. False marks it as run out, like `take`. */
  has(kind: WorkKind): boolean {
    if (this.spent[kind] < this.limits[kind]) return true;
    this.exhausted ??= kind;
    return false;
  }

  /** True if the work may be done, and counts it. Once false for a kind, always false for it. */
  take(kind: WorkKind, amount = 1): boolean {
    if (this.spent[kind] + amount > this.limits[kind]) {
      this.exhausted ??= kind;
      this.spent[kind] = this.limits[kind];
      return false;
    }
    this.spent[kind] += amount;
    return true;
  }
}
