/**
 * Single flight among questions that each have a budget: whoever joins shares the work, but not the bankruptcy. What fails
 * because another question's budget ran out is done again (ATTACKS A-105: else an attacker who burns his own budget and
 * leads on to somebody's name makes that name fail for everybody).
 */
import type { Flights, Joined } from "./flights.ts";
import type { Session, Task } from "./session.ts";

export interface SharedWork<T> {
  /** Must not reject. */
  readonly run: (task: Task) => Promise<T>;
  readonly hasFailed: (value: T) => boolean;
}

export async function share<T>(flights: Flights, key: string, task: Task, work: SharedWork<T>): Promise<Joined<T>> {
  for (;;) {
    const joined = await flights.join(key, task.flight, task.signal, async (flight): Promise<Outcome<T>> => {
      const value = await work.run({ ...task, flight, signal: flight.signal });
      return { value, brokenBy: task.session.cutShort && work.hasFailed(value) ? task.session : null };
    });
    if (joined.kind !== "done") return joined;
    const { value, brokenBy } = joined.value;
    if (brokenBy === null || brokenBy === task.session || task.session.cutShort) return { kind: "done", value };
  }
}

interface Outcome<T> {
  readonly value: T;
  readonly brokenBy: Session | null;
}
