/** One good signature per algorithm, over the same octets, made for this with keys that were thrown away. */

export interface Probe {
  readonly publicKey: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

/** As small as we accept: a host that takes an exponent of 3 and 1024 bits takes the others. */
export function probeOf(algorithm: number): Probe | null {
  const row = probes.get(algorithm);
  if (row === undefined) return null;
  return { publicKey: fromBase64(row.publicKey), data: signed, signature: fromBase64(row.signature) };
}

/** "rootwalk" in ASCII. */
const signed = Uint8Array.of(0x72, 0x6f, 0x6f, 0x74, 0x77, 0x61, 0x6c, 0x6b);

const rsaKey =
  "AQPZbxn3ENLxcSV5KFFsM26ZdBZRCtCpjGvDaqQ2tFfHa5TlwWh6A7kEEci6Mgj178MGfnNPKKyVXOxLpaKx4J/Zhe2Ri6LvcP0k" +
  "ngxpYJanJWqnI9R/pgn3KrtVvUiFcOyyTiNDpDzLr2dIdh+WTL9vl0uzYjyG+kqgeYh5lS19pQ==";
const rsaSha1 =
  "QNLA8j/DYZGnlK8LIWwvdjTonk5LlX620NdkcVYTT7anbopNAr2kqony90d/EauNjIkJVU/7hBHOLLdvXrrEo1bv4CnjPUFGDPeA" +
  "APnYDQkociBas7CRWpLbauITeBCXMw3sIxTX0L/kfykuyj1HtvfqG1FPUZ8ZxWV64LvU29o=";

const probes: ReadonlyMap<number, { readonly publicKey: string; readonly signature: string }> = new Map([
  [5, { publicKey: rsaKey, signature: rsaSha1 }],
  [7, { publicKey: rsaKey, signature: rsaSha1 }],
  [
    8,
    {
      publicKey: rsaKey,
      signature:
        "LkOOeHQWYzrsjozu1IeUuR7RieydcAexfI8sOWT2En9a1ApsrABpeAF1X9KtUu7my9BOpcbe25+AD5Qr1b8KsqHfhjWNv/4g2oab" +
        "KioMa4Nj9TYaLtEjT/9qenrtqzh0i2ie5YV/smxaptzEWhEIEmWNiCV2KP5tQmqPmW8yb+U=",
    },
  ],
  [
    10,
    {
      publicKey: rsaKey,
      signature:
        "l1IgI5VG39NaSpUn5a7Scn62kDKR3YX31Y45MSybf/bLBcXcGvpsEnkR3aOcPYSpn+C+F/zBxm/h2BOABZ5HBd3n4JRDpTsP2FzD" +
        "oJF/ZNACjji/aVNm1rRrZrI++evmMtiV7vszzjrNPkziAVQUUqhwlLoZ5euj8SIebk3hLzE=",
    },
  ],
  [
    13,
    {
      publicKey: "JwnNOq+2m3X0o5wKbg7CMBuHuAq5rTU3mz5GNSwz9mT4/8JmBPTvklu5fEQM/lZqHAeaOoP7wc3ShCTSu6eQbQ==",
      signature: "X3G3DgNqwoNAxU0trJU1rkT8jc6agObXzNleFaNS2V24xGp4XMHt6wIkvQ4tdD9EpfDMj28QyVwhV9VGz2PCbA==",
    },
  ],
  [
    14,
    {
      publicKey:
        "Rhdzf03jpkanG7Rzv/B9xq4Zgpm7CN1+t6nZCcwtwF0h/CcI3Tnssun2/YDVIOxUKH1o8wlpcJK4mxjgnee9V7PbkKA57SZIMc9t" +
        "7sw7b2/49j7wehaHVVJtY7j/SeoQ",
      signature:
        "1vk8ZcKiHN8e0sDxNwjdFPhatF1ZkAP1D/JHhMdnRWGVhyvCccTRzMLrJw5lqhsYmrwAPMyn5x9E2jQShX1Yi97JVPmecJXnjJGf" +
        "5B7RdsThUYGwUjbG1mIhLlEh7wtW",
    },
  ],
  [
    15,
    {
      publicKey: "M6RQuMmnblILgXGmR7D7K2rl7H5TPXITiICc/4SA9Gw=",
      signature: "riBErSYTVY8s0Q2z20z3pzg6mNfK2kOeaA5yEoDA9Gp9WUBjzNVTliDPUWL5KuCdsi9cP3Rcmqob6N2+mDSPAQ==",
    },
  ],
  [
    16,
    {
      publicKey: "7YMLuaoMEgLO7elzfJND3uoSf+ptQ0C8oknJGVHgBPQKYzrXPuPeC61zXsezjRM/BGR8LUhDy22A",
      signature:
        "vdAC8uaM4b2pNzSh1Dt02kooNjkrS/27CqCNUdAEV4u8cieuBDmPMME2NK5QCfDCAYqK3VrmP6aAEiclaS+kgfWOGA/LUymAupIz" +
        "7STeWinOEdOPZJLHXQNz6R8QzdDp2ieRn8VAawYFMWAThm9P0hUA",
    },
  ],
]);

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
