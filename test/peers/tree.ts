/** The plan made real: zone texts written, signed from the leaves up, wounded, and left as files for the name servers. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentOf, type ZonePlan } from "./plan.ts";
import { inParallel } from "./run-tool.ts";
import { type SignedZone, signZone } from "./signers.ts";
import { type Wound, wounds } from "./wounds.ts";
import { type ZoneLine, zoneLines, zoneText } from "./zone-text.ts";

export interface ServedZone {
  readonly plan: ZonePlan;
  readonly file: string;
  readonly lines: readonly ZoneLine[];
}

export interface Tree {
  readonly zones: readonly ServedZone[];
  /** RDATA of DS RRs of the root. */
  readonly anchors: readonly string[];
}

const DAY = 86400;

export async function buildTree(plans: readonly ZonePlan[], folder: string, now: number): Promise<Tree> {
  const zonesFolder = join(folder, "zones");
  mkdirSync(zonesFolder, { recursive: true });
  const children = new Map<string, ZonePlan[]>();
  for (const plan of plans.filter(({ apex }) => apex !== ".")) {
    const parent = parentOf(plan.apex, plans).apex;
    children.set(parent, [...(children.get(parent) ?? []), plan]);
  }
  const dsOf = new Map<string, readonly string[]>();
  const served: ServedZone[] = [];
  const depths = [...new Set(plans.map(({ apex }) => depth(apex)))].sort((a, b) => b - a);
  for (const level of depths) {
    const zones = plans.filter(({ apex }) => depth(apex) === level);
    const done = await inParallel(zones, 3, async (plan) => {
      const text = textOf(plan, children.get(plan.apex) ?? [], dsOf);
      const wound: Partial<Wound> = plan.wound === null ? {} : wounds[plan.wound];
      const signedAt = { past: now - 60 * DAY, future: now + 60 * DAY, now }[wound.signedAt ?? "now"];
      const signed: SignedZone =
        plan.signing === null
          ? { text, ds: [] }
          : await signZone({
              apex: plan.apex,
              text,
              how: plan.signing,
              at: signedAt,
              folder: join(folder, "keys", fileName(plan.apex)),
              rolling: plan.apex === ".",
            });
      const lines = plan.signing === null ? [] : zoneLines(signed.text);
      const injured = wound.zone?.(lines, plan.apex) ?? lines;
      const file = join(zonesFolder, fileName(plan.apex));
      writeFileSync(file, plan.signing === null || wound.zone === undefined ? signed.text : zoneText(injured));
      return { plan, file, lines: injured, ds: wound.ds?.(signed.ds) ?? signed.ds };
    });
    for (const { ds, ...zone } of done) {
      dsOf.set(zone.plan.apex, zone.plan.island ? [] : ds);
      served.push(zone);
    }
  }
  return { zones: served, anchors: dsOf.get(".") ?? [] };
}

const depth = (apex: string): number => (apex === "." ? 0 : apex.split(".").length - 1);

const fileName = (apex: string): string => (apex === "." ? "root" : apex.slice(0, -1));

/** The zone's own records, and NS, DS and glue of the zones below it. */
function textOf(plan: ZonePlan, children: readonly ZonePlan[], dsOf: ReadonlyMap<string, readonly string[]>): string {
  const lines = [`$ORIGIN ${plan.apex}`, "$TTL 300", ...plan.records];
  for (const child of children) {
    lines.push(...child.nameServers.map((host) => `${child.apex} NS ${host}`));
    lines.push(...(dsOf.get(child.apex) ?? []).map((rdata) => `${child.apex} DS ${rdata}`));
    lines.push(...child.glue);
  }
  return `${lines.join("\n")}\n`;
}
