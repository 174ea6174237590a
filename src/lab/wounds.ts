/**
 * One correct world, one named defect. Each row says what is wrong, which question meets it, and what a validator with
 * rootwalk's default settings must make of that (and `queryPrivate`, for the lab's servers live in 127/8).
 */
import type { UnixSeconds } from "../env/env.ts";
import { buildWorld, type World, type WorldDescription, type WorldOptions } from "./world.ts";
import { soundWorld } from "./worlds/sound.ts";
import { attackWounds } from "./wounds/attacks.ts";
import { chainWounds } from "./wounds/chain.ts";
import { denialWounds } from "./wounds/denial.ts";
import { serverWounds } from "./wounds/servers.ts";
import { signatureWounds } from "./wounds/signatures.ts";
import type { Wound } from "./wounds/wound.ts";

export type { Wound } from "./wounds/wound.ts";

export interface SoundWorld extends World {
  /** The same world, as young as this one, with one thing wrong. TypeError for a wound that is not in the table. */
  wound(name: string): WoundedWorld;
}

export interface WoundedWorld extends World {
  readonly wound: Wound;
}

export const wounds: readonly Wound[] = [
  ...signatureWounds,
  ...chainWounds,
  ...denialWounds,
  ...serverWounds,
  ...attackWounds,
];

/** 2026-11-02 12:00:00 UTC: tests with a virtual clock start where the world was signed. */
export const LAB_NOW: UnixSeconds = 1_793_620_800;

export function world(now: UnixSeconds = LAB_NOW, options: WorldOptions = {}): SoundWorld {
  return {
    ...buildWorld(soundWorld, now, options),
    wound: (name) => ({ ...buildWorld(woundedDescription(soundWorld, name), now, options), wound: woundNamed(name) }),
  };
}

function woundedDescription(description: WorldDescription, name: string): WorldDescription {
  return woundNamed(name).inflict(description);
}

export function woundNamed(name: string): Wound {
  const found = wounds.find((wound) => wound.name === name);
  if (found === undefined) throw new TypeError(`the lab knows no wound "${name}"`);
  return found;
}
