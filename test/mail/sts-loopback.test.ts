/** All of it together: a signed lab, our resolver and its lookup, HTTPS on loopback, a folder, a plan, and the library's door. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { createSts, httpsPolicyFetch, nodeDns, planMail, stsFolder } from "../../src/index.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { pem } from "../dane/harness.ts";
import { resolverIn } from "../lab/resolver.ts";
import { reply, webServer } from "./https-server.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe("a domain with a policy", () => {
  it("is planned for by what its web server says, before a restart and after", async () => {
    const text = "version: STSv1\r\nmode: enforce\r\nmx: *.ta.lab\r\nmax_age: 86400\r\n";
    const web = await webServer("leaf-wildcard intermediate", reply(text));
    const folder = mkdtempSync(join(tmpdir(), "rootwalk-sts-"));
    const records = "@ MX 10 mx\nmx A 192.0.2.1\n_mta-sts CNAME _mta-sts.host.lab.\nmta-sts A 127.0.0.1";
    const host = { apex: "host.lab.", records: '_mta-sts TXT "v=STSv1; " "id=20261127;"\n@ A 192.0.2.1' };
    const zones = [{ apex: "." }, { apex: "lab." }, { apex: "ta.lab.", records }, host];
    const lab = buildWorld({ zones }, systemClock.unixSeconds());
    const resolver = resolverIn(lab);
    closing.push(
      () => web.close(),
      () => void resolver.close(),
      () => rmSync(folder, { recursive: true, force: true }),
    );
    const { lookup } = nodeDns(resolver);
    const fetch = httpsPolicyFetch({ lookup, port: web.port, ca: pem("root") });
    for (const _run of ["before", "after"]) {
      const sts = createSts({ resolver, fetch, store: stsFolder(folder) });
      const plan = await planMail(resolver, sts, "ta.lab");
      expect(plan.reason).toMatch(
        /^the MTA-STS policy of ta\.lab \(id 20261127\) has mode enforce and lists mx\.ta\.lab; /,
      );
      expect(plan.hosts[0]!.action).toMatchObject({ do: "webpki", sni: "mx.ta.lab" });
      await sts.close();
    }
    expect(web.requests).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
