/** docs/doctor.md and docs/explain.md against the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { doctorCommand } from "../../src/cli/doctor.ts";
import { departments } from "../../src/daemon/doctor/doctor.ts";

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("docs/doctor.md", () => {
  const page = file("docs/doctor.md");

  it("lists every check", () => {
    const sources = readdirSync(new URL("../../src/daemon/doctor/", import.meta.url)).map((name) =>
      file(`src/daemon/doctor/${name}`),
    );
    const checks = sources.flatMap((text) =>
      [...text.matchAll(/(?:check = |fine\(|note\(|warning\(|problem\(|reached\()"([a-z_. -]+)"/g)].map(
        ([, check]) => check!,
      ),
    );
    expect(checks.length).toBeGreaterThan(20);
    for (const check of new Set(checks)) if (check !== "resolv.conf") expect(page).toContain(`\`${check}\``);
    for (const transport of ["udp", "tcp"]) expect(page).toContain(`\`server ${transport}\``);
  });

  it("lists every department and exit code", () => {
    for (const department of Object.keys(departments)) expect(page).toContain(`| \`${department}\` |`);
    for (const [code] of doctorCommand.exitCodes) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
  });
});

describe("docs/explain.md", () => {
  it("names every kind of node and edge", () => {
    const page = file("docs/explain.md");
    const types = file("src/picture/picture.ts");
    const kinds = [...types.matchAll(/readonly kind: ([^;]+);/g)].flatMap(([, union]) =>
      [...union!.matchAll(/"([a-z]+)"/g)].map(([, kind]) => kind!),
    );
    expect(kinds.length).toBeGreaterThan(10);
    for (const kind of kinds) expect(page).toContain(`\`${kind}\``);
  });
});
