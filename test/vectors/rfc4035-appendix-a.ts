/**
 * RFC 4035 Appendix A: the signed zone "example.", record by record, with its own keys and signatures. Algorithm 5,
 * signatures from 2004-04-09 to 2004-05-09.
 */

const times = "20040509183619 20040409183619";
const zsk = `${times} 38519 example.`;
const ksk = `${times} 9465 example.`;

export const VALID_AT = Date.UTC(2004, 3, 20) / 1000;

export const zone = `
example. SOA ns1.example. bugs.x.w.example. 1081539377 3600 300 3600000 3600
example. RRSIG SOA 5 1 3600 ${zsk} ONx0k36rcjaxYtcNgq6iQnpNV5+drqYAsC9h7TSJaHCqbhE67Sr6aH2xDUGcqQWu/n0UVzrFvkgO9ebarZ0GWDKcuwlM6eNB5SiX2K74l5LWDA7S/Un/IbtDq4Ay8NMNLQI7Dw7n4p8/rjkBjV7j86HyQgM5e7+miRAz8V01b0I=
example. NS ns1.example.
example. NS ns2.example.
example. RRSIG NS 5 1 3600 ${zsk} gl13F00f2U0R+SWiXXLHwsMY+qStYy5k6zfdEuivWc+wd1fmbNCyql0Tk7lHTX6UOxc8AgNf4ISFve8XqF4q+o9qlnqIzmppU3LiNeKT4FZ8RO5urFOvoMRTbQxW3U0hXWuggE4g3ZpsHv480HjMeRaZB/FRPGfJPajngcq6Kwg=
example. MX 1 xx.example.
example. RRSIG MX 5 1 3600 ${zsk} HyDHYVT5KHSZ7HtO/vypumPmSZQrcOP3tzWB2qaKkHVPfau/DgLgS/IKENkYOGL95G4N+NzEVyNU8dcTOckT+ChPcGeVjguQ7a3Ao9Z/ZkUO6gmmUW4b89rz1PUxW4jzUxj66PTwoVtUU/iMW6OISukd1EQt7a0kygkg+PEDxdI=
example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY
example. RRSIG NSEC 5 1 3600 ${zsk} O0k558jHhyrC97ISHnislm4kLMW48C7U7cBmFTfhke5iVqNRVTB1STLMpgpbDIC9hcryoO0VZ9ME5xPzUEhbvGnHd5sfzgFVeGxr5Nyyq4tWSDBgIBiLQUv1ivy29vhXy7WgR62dPrZ0PWvmjfFJ5arXf4nPxp/kEowGgBRzY/U=
example. DNSKEY 256 3 5 AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBVrZy/lvI5CQePxXHZS4i8dANH4DX3tbHol61ek8EFMcsGXxKciJFHyhl94C+NwILQdzsUlSFovBZsyl/NX6yEbtw/xN9ZNcrbYvgjjZ/UVPZIySFNsgEYvh0z2542lzMKR4Dh8uZffQ==
example. DNSKEY 257 3 5 AQOeX7+baTmvpVHb2CcLnL1dMRWbuscRvHXlLnXwDzvqp4tZVKp1sZMepFb8MvxhhW3y/0QZsyCjczGJ1qk8vJe52iOhInKROVLRwxGpMfzPRLMlGybr51bOV/1se0ODacj3DomyB4QB5gKTYot/K9alk5/j8vfd4jWCWD+E1Sze0Q==
example. RRSIG DNSKEY 5 1 3600 ${ksk} ZxgauAuIj+k1YoVEOSlZfx41fcmKzTFHoweZxYnz99JVQZJ33wFS0Q0jcP7VXKkaElXk9nYJXevO/7nAbo88iWsMkSpSR6jWzYYKwfrBI/L9hjYmyVO9m6FjQ7uwM4dCP/bIuV/DKqOAK9NYNC3AHfvCV1Tp4VKDqxqG7R5tTVM=
example. RRSIG DNSKEY 5 1 3600 ${zsk} eGL0s90glUqcOmloo/2y+bSzyEfKVOQViD9ZDNhLz/Yn9CQZlDVRJffACQDAUhXpU/oP34ribKBpysRXosczFrKqS5Oa0bzMOfXCXup9qHApeFIku28Vqfr8Nt7cigZLxjK+u0Ws/4lIRjKk7z5OXogYVaFzHKillDt3HRxHIZM=
a.example. NS ns1.a.example.
a.example. NS ns2.a.example.
a.example. DS 57855 5 1 b6dcd485719adca18e5f3d48a2331627fdd3636b
a.example. RRSIG DS 5 2 3600 ${zsk} oXIKit/QtdG64J/CB+Gi8dOvnwRvqrto1AdQoRkAN15FP3iZ7suB7gvTBmXzCjL7XUgQVcoHkdhyCuzp8W9qJHgRUSwKKkczSyuL64nhgjuDEML8l9wlWVsl7PR2VnZduM9bLyBhaaPmRKX/Fm+v6ccF2EGNLRiY08kdkz+XHHo=
a.example. NSEC ai.example. NS DS RRSIG NSEC
a.example. RRSIG NSEC 5 2 3600 ${zsk} cOlYgqJLqlRqmBQ3iap2SyIsK4O5aqpKSobaU9fQ5SMApZmHfq3AgLflkrkXRXvgxTQSKkG2039/cRUs6Jk/25+fi7Xr5nOVJsb0lq4zsB3IBBdjyGDAHE0F5ROJj87996vJupdm1fbH481gsdkOW6Zyqtz3Zos8N0BBkEx+2G4=
ns1.a.example. A 192.0.2.5
ns2.a.example. A 192.0.2.6
ai.example. A 192.0.2.9
ai.example. RRSIG A 5 2 3600 ${zsk} pAOtzLP2MU0tDJUwHOKE5FPIIHmdYsCgTb5BERGgpnJluA9ixOyf6xxVCgrEJW0WNZSsJicdhBHXfDmAGKUajUUlYSAH8tS4ZnrhyymIvk3uArDu2wfT130e9UHnumaHHMpUTosKe22PblOy6zrTpg9FkS0XGVmYRvOTNYx2HvQ=
ai.example. HINFO "KLH-10" "ITS"
ai.example. RRSIG HINFO 5 2 3600 ${zsk} Iq/RGCbBdKzcYzlGE4ovbr5YcB+ezxbZ9W0le/7WqyvhOO9J16HxhhL7VY/IKmTUY0GGdcfhZEOCkf4lEykZF9NPok1/R/fWrtzNp8jobuY7AZEcZadp1WdDF3jc2/ndCa5XZhLKD3JzOsBwFvL8sqlS5QS6FY/ijFEDnI4RkZA=
ai.example. AAAA 2001:db8::f00:baa9
ai.example. RRSIG AAAA 5 2 3600 ${zsk} nLcpFuXdT35AcE+EoafOUkl69KB+/e56XmFKkewXG2IadYLKAOBIoR5+VoQV3XgTcofTJNsh1rnF6Eav2zpZB3byI6yo2bwY8MNkr4A7cL9TcMmDwV/hWFKsbGBsj8xSCN/caEL2CWY/5XP2sZM6QjBBLmukH30+w1z3h8PUP2o=
ai.example. NSEC b.example. A HINFO AAAA RRSIG NSEC
ai.example. RRSIG NSEC 5 2 3600 ${zsk} QoshyPevLcJ/xcRpEtMft1uoIrcrieVcc9pGCScIn5Glnib40T6ayVOimXwdSTZ/8ISXGj4pP8Sh0PlA6olZQ84L453/BUqB8BpdOGky4hsN3AGcLEv1Gr0QMvirQaFcjzOECfnGyBm+wpFLAhS+JOVfDI/79QtyTI0SaDWcg8U=
b.example. NS ns1.b.example.
b.example. NS ns2.b.example.
b.example. NSEC ns1.example. NS RRSIG NSEC
b.example. RRSIG NSEC 5 2 3600 ${zsk} GNuxHn844wfmUhPzGWKJCPY5ttEX/RfjDoOx9ueK1PtYkOWKOOdiJ/PJKCYB3hYX+858dDWSxb2qnV/LSTCNVBnkm6owOpysY97MVj5VQEWs0lm9tFoqjcptQkmQKYPrwUnCSNwvvclSF1xZvhRXgWT7OuFXldoCG6TfVFMs9xE=
ns1.b.example. A 192.0.2.7
ns2.b.example. A 192.0.2.8
ns1.example. A 192.0.2.1
ns1.example. RRSIG A 5 2 3600 ${zsk} F1C9HVhIcs10cZU09G5yIVfKJy5yRQQ3qVet5pGhp82pzhAOMZ3K22JnmK4c+IjUeFp/to06im5FVpHtbFisdjyPq84bhTv8vrXt5AB1wNB++iAqvIfdgW4sFNC6oADb1hK8QNauw9VePJhKv/iVXSYC0b7mPSU+EOlknFpVECs=
ns1.example. NSEC ns2.example. A RRSIG NSEC
ns1.example. RRSIG NSEC 5 2 3600 ${zsk} I4hj+Kt6+8rCcHcUdolks2S+Wzri9h3fHas81rGN/eILdJHN7JpV6lLGPIh/8fIBkfvdyWnBjjf1q3O7JgYO1UdI7FvBNWqaaEPJK3UkddBqZIaLi8Qr2XHkjq38BeQsbp8X0+6h4ETWSGT8IZaIGBLryQWGLw6Y6X8dqhlnxJM=
ns2.example. A 192.0.2.2
ns2.example. RRSIG A 5 2 3600 ${zsk} V7cQRw1TR+knlaL1z/psxlS1PcD37JJDaCMqQo6/u1qFQu6x+wuDHRH22Ap9ulJPQjFwMKOuyfPGQPC8KzGdE3vt5snFEAoE1Vn3mQqtu7SO6amIjk13Kj/jyJ4nGmdRIc/3cM3ipXFhNTKqrdhx8SZ0yy4ObIRzIzvBFLiSS8o=
ns2.example. NSEC *.w.example. A RRSIG NSEC
ns2.example. RRSIG NSEC 5 2 3600 ${zsk} N0QzHvaJf5NRw1rE9uxS1Ltb2LZ73Qb9bKGEVyaISkqzGpP3jYJXZJPVTq4UVEsgT3CgeHvb3QbeJ5Dfb2V9NGCHj/OvF/LBxFFWwhLwzngHl+bQAgAcMsLu/nL3nDi1y/JSQjAcdZNDl4bwYmx28EtgIpo9A0qmP08rMBqs1Jw=
*.w.example. MX 1 ai.example.
*.w.example. RRSIG MX 5 2 3600 ${zsk} OMK8rAZlepfzLWW75Dxd63jy2wswESzxDKG2f9AMN1CytCd10cYISAxfAdvXSZ7xujKAtPbctvOQ2ofO7AZJ+d01EeeQTVBPq4/6KCWhqe2XTjnkVLNvvhnc0u28aoSsG0+4InvkkOHknKxw4kX18MMR34i8lC36SR5xBni8vHI=
*.w.example. NSEC x.w.example. MX RRSIG NSEC
*.w.example. RRSIG NSEC 5 2 3600 ${zsk} r/mZnRC3I/VIcrelgIcteSxDhtsdlTDt8ng9HSBlABOlzLxQtfgTnn8f+aOwJIAFe1Ee5RvU5cVhQJNP5XpXMJHfyps8tVvfxSAXfahpYqtx91gsmcV/1V9/bZAG55CefP9cM4Z9Y9NT9XQ8s1InQ2UoIv6tJEaaKkP701j8OLA=
x.w.example. MX 1 xx.example.
x.w.example. RRSIG MX 5 3 3600 ${zsk} Il2WTZ+Bkv+OytBx4LItNW5mjB4RCwhOO8y1XzPHZmZUTVYL7LaA63f6T9ysVBzJRI3KRjAPH3U1qaYnDoN1DrWqmi9RJe4FoObkbcdm7P3Ikx70ePCoFgRz1Yq+bVVXCvGuAU4xALv3W/Y1jNSlwZ2mSWKHfxFQxPtLj8s32+k=
x.w.example. NSEC x.y.w.example. MX RRSIG NSEC
x.w.example. RRSIG NSEC 5 3 3600 ${zsk} aRbpHftxggzgMXdDlym9SsADqMZovZZl2QWKvw8J0tZEUNQByH5Qfnf5N1FqH/pS46UA7A4EmcWBN9PUA1pdPY6RVeaRlZlCr1IkVctvbtaINJuBba/VHm+pebTbKcAPIvL9tBOoh+to1h6eIjgiM8PXkBQtxPq37wDKALkyn7Q=
x.y.w.example. MX 1 xx.example.
x.y.w.example. RRSIG MX 5 4 3600 ${zsk} k2bJHbwP5LH5qN4is39UiPzjAWYmJA38Hhiat7i9t7nbX/e0FPnvDSQXzcK7UL+zrVA+3MDjq1ub4q3SZgcbLMgexxIW3Va//LVrxkP6XupqGtOB9prkK54QTl/qZTXfMQpW480YOvVknhvb+gLcMZBnHJ326nb/TOOmrqNmQQE=
x.y.w.example. NSEC xx.example. MX RRSIG NSEC
x.y.w.example. RRSIG NSEC 5 4 3600 ${zsk} OvE6WUzN2ziieJcvKPWbCAyXyP6ef8cr6CspArVSTzKSquNwbezZmkU7E34o5lmb6CWSSSpgxw098kNUFnHcQf/LzY2zqRomubrNQhJTiDTXa0ArunJQCzPjOYq5t0SLjm6qp6McJI1AP5VrQoKqJDCLnoAlcPOPKAm/jJkn3jk=
xx.example. A 192.0.2.10
xx.example. RRSIG A 5 2 3600 ${zsk} kBF4YxMGWF0D8r0cztL+2fWWOvN1U/GYSpYP7SoKoNQ4fZKyk+weWGlKLIUM+uE1zjVTPXoa0Z6WG0oZp46rkl1EzMcdMgoaeUzzAJ2BMq+YVdxG9IK1yZkYGY9AgbTOGPoAgbJyO9EPULsxkbIDV6GPPSZVusnZU6OMgdgzHV4=
xx.example. HINFO "KLH-10" "TOPS-20"
xx.example. RRSIG HINFO 5 2 3600 ${zsk} GY2PLSXmMHkWHfLdggiox8+chWpeMNJLkML0t+U/SXSUsoUdR91KNdNUkTDWamwcF8oFRjhqBcPZ6EqrF+vl5v5oGuvSF7U52epfVTC+wWF83yCUeUw8YklhLWlvk8gQ15YKth0ITQy8/wI+RgNvuwbioFSEuv2pNlkq0goYxNY=
xx.example. AAAA 2001:db8::f00:baaa
xx.example. RRSIG AAAA 5 2 3600 ${zsk} Zzj0yodDxcBLnnOIwDsuKo5WqiaK24DlKg9CaGaxDFiKgKobUj2jilYQHpGFn2poFRetZd4zulyQkssz2QHrVrPuTMS22knudCiwP4LWpVTrU4zfeA+rDz9stmSBP/4PekH/x2IoAYnwctd/xS9cL2QgW7FChw16mzlkH6/vsfs=
xx.example. NSEC example. A HINFO AAAA RRSIG NSEC
xx.example. RRSIG NSEC 5 2 3600 ${zsk} ZFWUln6Avc8bmGl5GFjD3BwT530DUZKHNuoY9A8lgXYyrxu+pqgFiRVbyZRQvVB5pccEOT3kmvHgEa/HzbDB4PIYY79W+VHrgOxzdQGGCZziasXrpSGOWwSOElghPnMIi8xdF7qtCntr382WGghLahumFIpg4MO3LS/prgzVVWo=
`;
