/** What a promise rejects with; it must. */
import type { DnsError } from "../../src/resolver/dns-error.ts";

export async function failureOf(promise: Promise<unknown>): Promise<DnsError> {
  try {
    const value = await promise;
    throw new Error(`it did not fail but gave ${JSON.stringify(value)}`);
  } catch (error) {
    if ((error as DnsError).code === undefined) throw error;
    return error as DnsError;
  }
}
