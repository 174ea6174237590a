/** Dropping what an operator chooses, instead of what is oldest. */

/** The number of entries dropped. */
export function dropWhere<K extends string>(
  entries: { keys(): Iterable<K>; delete(key: K): unknown },
  chosen: (key: K) => boolean,
): number {
  const keys = [...entries.keys()].filter(chosen);
  for (const key of keys) entries.delete(key);
  return keys.length;
}
