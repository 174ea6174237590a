/** The signature examples of RFC 4035 appendix A, RFC 5155 appendix A, RFC 5702 §6, RFC 6605 §6 and RFC 8080 §6. */
import { concat, dnskey, hex, mx, u32, type Vector, vectorOf, wireName } from "./vector.ts";

const a = (address: string): Uint8Array => Uint8Array.from(address.split(".").map(Number));

// RFC 4035 appendix A: both keys have an exponent of 3.
export const rfc4035Zsk =
  "AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBV rZy/lvI5CQePxXHZS4i8dANH4DX3tbHol61e" +
  "k8EFMcsGXxKciJFHyhl94C+NwILQdzsUlSFo vBZsyl/NX6yEbtw/xN9ZNcrbYvgjjZ/UVPZI ySFNsgEYvh0z2542lzMKR4Dh8uZffQ==";
export const rfc4035Ksk =
  "AQOeX7+baTmvpVHb2CcLnL1dMRWbuscRvHXl LnXwDzvqp4tZVKp1sZMepFb8MvxhhW3y/0QZ" +
  "syCjczGJ1qk8vJe52iOhInKROVLRwxGpMfzP RLMlGybr51bOV/1se0ODacj3DomyB4QB5gKT Yot/K9alk5/j8vfd4jWCWD+E1Sze0Q==";

const in4035 = {
  algorithm: 5,
  key: rfc4035Zsk,
  owner: "example.",
  ttl: 3600,
  labels: 1,
  expiration: "20040509183619",
  inception: "20040409183619",
  tag: 38519,
  signer: "example.",
} as const;

export const rfc4035: readonly Vector[] = [
  vectorOf({
    ...in4035,
    title: "example. SOA",
    type: 6,
    rdata: [
      concat(
        wireName("ns1.example."),
        wireName("bugs.x.w.example."),
        ...[1081539377, 3600, 300, 3600000, 3600].map(u32),
      ),
    ],
    signature: `ONx0k36rcjaxYtcNgq6iQnpNV5+drqYAsC9h7TSJaHCqbhE67Sr6aH2xDUGcqQWu/n0UVzrFvkgO9ebarZ0GWDKcuwlM6eNB5SiX2K74l5LW
      DA7S/Un/IbtDq4Ay8NMNLQI7Dw7n4p8/rjkBjV7j86HyQgM5e7+miRAz8V01b0I=`,
  }),
  vectorOf({
    ...in4035,
    title: "example. NS",
    type: 2,
    rdata: [wireName("ns1.example."), wireName("ns2.example.")],
    signature: `gl13F00f2U0R+SWiXXLHwsMY+qStYy5k6zfdEuivWc+wd1fmbNCyql0Tk7lHTX6UOxc8AgNf4ISFve8XqF4q+o9qlnqIzmppU3LiNeKT4FZ8
      RO5urFOvoMRTbQxW3U0hXWuggE4g3ZpsHv480HjMeRaZB/FRPGfJPajngcq6Kwg=`,
  }),
  vectorOf({
    ...in4035,
    title: "example. DNSKEY by the key signing key",
    key: rfc4035Ksk,
    tag: 9465,
    type: 48,
    rdata: [dnskey(256, 5, rfc4035Zsk), dnskey(257, 5, rfc4035Ksk)],
    signature: `ZxgauAuIj+k1YoVEOSlZfx41fcmKzTFHoweZxYnz99JVQZJ33wFS0Q0jcP7VXKkaElXk9nYJXevO/7nAbo88iWsMkSpSR6jWzYYKwfrBI/L9
      hjYmyVO9m6FjQ7uwM4dCP/bIuV/DKqOAK9NYNC3AHfvCV1Tp4VKDqxqG7R5tTVM=`,
  }),
  vectorOf({
    ...in4035,
    title: "*.w.example. MX, as signed",
    owner: "*.w.example.",
    labels: 2,
    type: 15,
    rdata: [mx(1, "ai.example.")],
    signature: `OMK8rAZlepfzLWW75Dxd63jy2wswESzxDKG2f9AMN1CytCd10cYISAxfAdvXSZ7xujKAtPbctvOQ2ofO7AZJ+d01EeeQTVBPq4/6KCWhqe2X
      TjnkVLNvvhnc0u28aoSsG0+4InvkkOHknKxw4kX18MMR34i8lC36SR5xBni8vHI=`,
  }),
];

// RFC 5155 appendix A: keys of 512 bits.
export const rfc5155Zsk =
  "AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE=";
export const rfc5155Ksk =
  "AwEAAcUlFV1vhmqx6NSOUOq2R/dsR7Xm3upJj7IommWSpJABVfW8Q0rOvXdM6kzt+TAu92L9AbsUdblMFin8CVF3n4s=";

const in5155 = {
  algorithm: 7,
  owner: "example.",
  ttl: 3600,
  labels: 1,
  expiration: "20150420235959",
  inception: "20051021000000",
  signer: "example.",
} as const;

export const rfc5155: readonly Vector[] = [
  vectorOf({
    ...in5155,
    title: "example. DNSKEY",
    key: rfc5155Ksk,
    tag: 12708,
    type: 48,
    rdata: [dnskey(256, 7, rfc5155Zsk), dnskey(257, 7, rfc5155Ksk)],
    signature: "AuU4juU9RaxescSmStrQks3Gh9FblGBlVU31uzMZ/U/FpsUb8aC6QZS+sTsJXnLnz7flGOsmMGQZf3bH+QsCtg==",
  }),
  vectorOf({
    ...in5155,
    title: "example. NSEC3PARAM",
    key: rfc5155Zsk,
    tag: 40430,
    type: 51,
    rdata: [hex("01 00 000c 04 aabbccdd")],
    signature: "C1Gl8tPZNtnjlrYWDeeUV/sGLCyy/IHie2rerN05XSA3Pq0U3+4VvGWYWdUMfflOdxqnXHwJTLQsjlkynhG6Cg==",
  }),
];

const in5702 = {
  owner: "www.example.net.",
  type: 1,
  ttl: 3600,
  rdata: [a("192.0.2.91")],
  labels: 3,
  expiration: "20300101000000",
  inception: "20000101000000",
  signer: "example.net.",
} as const;

/** RFC 5702 §6.1: a key of 512 bits. */
export const rfc5702Sha256: Vector = vectorOf({
  ...in5702,
  title: "RSASHA256, 512 bits",
  algorithm: 8,
  key: "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=",
  tag: 9033,
  signature: "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==",
});

/** RFC 5702 §6.2. */
export const rfc5702Sha512: Vector = vectorOf({
  ...in5702,
  title: "RSASHA512, 1024 bits",
  algorithm: 10,
  key: `AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D
    7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL`,
  tag: 3740,
  signature: `tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/zpq+9fOuagYJRfD
    qfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=`,
});

export const rfc6605Keys = {
  p256: "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
  p384: `xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur
    8I/mlVNgF6W/qTI37m40`,
} as const;

const in6605 = { ...in5702, rdata: [a("192.0.2.1")] } as const;

export const rfc6605: readonly Vector[] = [
  vectorOf({
    ...in6605,
    title: "ECDSAP256SHA256",
    algorithm: 13,
    key: rfc6605Keys.p256,
    expiration: "20100909100439",
    inception: "20100812100439",
    tag: 55648,
    signature: "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
  }),
  vectorOf({
    ...in6605,
    title: "ECDSAP384SHA384",
    algorithm: 14,
    key: rfc6605Keys.p384,
    expiration: "20100909102025",
    inception: "20100812102025",
    tag: 10771,
    signature: `/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzu
      sdnI0RSMROxxwGipWcJm`,
  }),
];

const in8080 = {
  owner: "example.com.",
  type: 15,
  ttl: 3600,
  rdata: [mx(10, "mail.example.com.")],
  labels: 2,
  expiration: "1440021600",
  inception: "1438207200",
  signer: "example.com.",
} as const;

export interface Rfc8080Vector extends Vector {
  readonly privateKey: string;
  readonly key: string;
  readonly tag: number;
  /** What the RFC prints; it does not verify. */
  readonly misprint: string;
}

/** With the signatures of erratum 4935: those of the RFC were made over another RRSIG, with three labels. */
export const rfc8080: readonly Rfc8080Vector[] = [
  {
    title: "ED25519, key 3613",
    algorithm: 15,
    privateKey: "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=",
    key: "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
    tag: 3613,
    signature: "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==",
    misprint: "Edk+IB9KNNWg0HAjm7FazXyrd5m3Rk8zNZbvNpAcM+eysqcUOMIjWoevFkjH5GaMWeG96GUVZu6ECKOQmemHDg==",
  },
  {
    title: "ED25519, key 35217",
    algorithm: 15,
    privateKey: "DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=",
    key: "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
    tag: 35217,
    signature: "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==",
    misprint: "5LL2obmzdqjWI+Xto5eP5adXt/T5tMhasWvwcyW4L3SzfcRawOle9bodhC+oip9ayUGjY9T/rL4rN3bOuESGDA==",
  },
  {
    title: "ED448, key 9713",
    algorithm: 16,
    privateKey: "xZ+5Cgm463xugtkY5B0Jx6erFTXp13rYegst0qRtNsOYnaVpMx0Z/c5EiA9x8wWbDDct/U3FhYWA",
    key: "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
    tag: 9713,
    signature: `3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXft0+Gj7FSvOKxE/07+4RQ
      vE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA`,
    misprint: `Nmc0rgGKpr3GKYXcB1JmqqS4NYwhmechvJTqVzt3jR+Qy/lSLFoIk1L+9e39GPL+5tVzDPN3f9kAwiu8KCuPPjtl227ayaCZtRKZuJax7n9N
      uYlZJIusX0SOIOKBGzG+yWYtz1/jjbzl5GGkWvREUCUA`,
  },
  {
    title: "ED448, key 38353",
    algorithm: 16,
    privateKey: "WEykD3ht3MHkU8iH4uVOLz8JLwtRBSqiBoM6fF72+Mrp/u5gjxuB1DV6NnPO2BlZdz4hdSTkOdOA",
    key: "kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA",
    tag: 38353,
    signature: `E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f7qI1gVnML8vWWiyW2KXhT9kuAICU
      Sxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA`,
    misprint: `+JjANio/LIzp7osmMYE5XD3H/YES8kXs5Vb9H8MjPS8OAGZMD37+LsCIcjg5ivt0d4Om/UaqETEAsJjaYe56CEQP5lhRWuD2ivBqE0zfwJTy
      p4WqvpULbpvaukswvv/WNEFxzEYQEIm9+xDlXj4pMAMA`,
  },
].map((row) => ({ ...row, ...vectorOf({ ...in8080, ...row }) }));

/** All that both engines accept by default or with SHA-1; those of 512 bits are apart. */
export const goodVectors: readonly Vector[] = [...rfc4035, rfc5702Sha512, ...rfc6605, ...rfc8080];
export const shortVectors: readonly Vector[] = [...rfc5155, rfc5702Sha256];
