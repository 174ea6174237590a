/** Names at which the operator's word begins: anchors, negative anchors, forward and stub zones. Knowledge from above ends there. */
import { type Name, type NameKey, parentKey } from "../wire/name.ts";

export class Boundaries {
  readonly #keys: ReadonlySet<NameKey>;

  constructor(names: readonly Name[]) {
    this.#keys = new Set(names.filter((name) => !name.isRoot).map((name) => name.key));
  }

  /** Labels of the deepest boundary at or above the name; 0 if there is none. */
  deepest(name: Name): number {
    if (this.#keys.size === 0) return 0;
    let { key } = name;
    for (let labels = name.labelCount; labels > 0; labels--, key = parentKey(key))
      if (this.#keys.has(key)) return labels;
    return 0;
  }
}
