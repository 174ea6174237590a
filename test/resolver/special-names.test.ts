import { describe, expect, it } from "vitest";
import { localAnswer } from "../../src/resolver/special-names.ts";
import { Name } from "../../src/wire/name.ts";

describe("special names", () => {
  it.each([
    "localhost",
    "invalid",
    "onion",
    "alt",
    "home.arpa",
    "resolver.arpa",
    "10.in-addr.arpa",
    "31.172.in-addr.arpa",
    "127.100.in-addr.arpa",
    "255.255.255.255.in-addr.arpa",
    "D.F.ip6.ARPA",
  ])("%s and all below it", (text) => {
    const zone = Name.parse(text);
    for (const name of [zone, Name.parse(`mail.${text}`), Name.parse(`_25._tcp.mail.${text}`)]) {
      const answer = localAnswer(name);
      expect(answer?.zone.equals(zone)).toBe(true);
      if (text !== "localhost") expect(answer?.kind).toBe(name === zone ? "no data" : "name error");
    }
  });

  it.each([
    ".",
    "arpa",
    "in-addr.arpa",
    "172.in-addr.arpa",
    "11.in-addr.arpa",
    "15.172.in-addr.arpa",
    "f.ip6.arpa",
    "homes.arpa",
    "alternative",
    "localhost.example",
    "example",
    "10.in-addr.arpa.example",
  ])("%s is none", (text) => {
    expect(localAnswer(Name.parse(text))).toBeNull();
  });
});
